//! What principals, roles and credentials can be called.

use crate::access::{ANONYMOUS, GATEWAY, LOCAL};

/// Longest name.
const LONGEST: usize = 64;

/// Whether a principal, role or credential can have this name.
///
/// # Errors
/// What a name is.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
        return Err(format!("a name is 1 to {LONGEST} letters, digits and `-_.@`"));
    }
    Ok(())
}

/// Whether a principal can have this name. `proven`: it shows a token, or is a subject of the identity provider.
///
/// # Errors
/// What a name is, or whose this one is already.
pub fn check_principal(name: &str, proven: bool) -> Result<(), String> {
    check_name(name)?;
    match name {
        GATEWAY => {
            Err("under this name the gateway records what it does by itself; give yours another name".to_owned())
        }
        LOCAL | ANONYMOUS if proven => {
            Err("this is who comes without a proof; give tokens and subjects to a principal of another name".to_owned())
        }
        _ => Ok(()),
    }
}
