//! Secrets of the policy: from files that nobody else can read, or from environment variables. Never from the policy itself,
//! which may lie in a repository.

use std::{collections::BTreeSet, fs, path::Path};

use flvx_manifest::yaml;
use flvx_panel::Secret;

use super::super::Environment;

/// Where Docker mounts secrets, and the variable by which systemd says where it does. Their modes say nothing there: what keeps
/// others out is the mount.
const MOUNTED: &str = "/run/secrets";
const SYSTEMD: &str = "CREDENTIALS_DIRECTORY";

/// The first line of a file that only its owner can read, or that was mounted as a secret.
///
/// # Errors
/// It cannot be read, others can read it, or its first line is empty.
pub fn from_file(base: &Path, name: &str) -> Result<Secret, String> {
    let path = base.join(name);
    let shown = path.display();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(&path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 && !is_mounted(&path) {
            return Err(format!(
                "{shown} can be read by other users (mode {mode:03o}), and it holds a secret; chmod 600 {shown}"
            ));
        }
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    match text.lines().next().unwrap_or_default() {
        "" => Err(format!("the first line of {shown} is empty")),
        line => Ok(Secret::new(line)),
    }
}

#[cfg(unix)]
fn is_mounted(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let systemd = std::env::var_os(SYSTEMD).filter(|folder| !folder.is_empty());
    path.starts_with(MOUNTED) || systemd.is_some_and(|folder| path.starts_with(folder))
}

/// The value of an environment variable.
///
/// # Errors
/// It is not set.
pub fn from_environment(environment: &Environment, name: &str) -> Result<Secret, String> {
    match environment.get(name) {
        Some(value) => Ok(Secret::new(value.trim_end_matches(['\r', '\n']))),
        None => Err(format!("the environment variable {name} is not set")),
    }
}

/// Whether a text can be a panel token.
///
/// # Errors
/// What is wrong with it; nothing of the token is in there.
pub fn check_panel_token(token: &Secret) -> Result<(), &'static str> {
    if token.expose().starts_with("Bearer ") {
        return Err("give the token alone, without `Bearer `");
    }
    if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a token has no spaces, line breaks or other than ASCII characters");
    }
    Ok(())
}

/// Names of the environment variables that a policy file takes secrets from, whatever else may be wrong with it. `None`: it
/// cannot be read, or is not YAML.
pub fn variables(path: &Path) -> Option<BTreeSet<String>> {
    let tree = yaml::parse(&fs::read_to_string(path).ok()?).ok()?;
    let entries = tree.get("credentials").map(yaml::Node::pairs).unwrap_or_default();
    let keys = entries.iter().flat_map(|(_, entry)| entry.pairs());
    let names = keys.filter(|(key, _)| key.ends_with("_env")).filter_map(|(_, name)| name.text());
    Some(names.map(str::to_owned).collect())
}
