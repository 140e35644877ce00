//! `token`: bearer tokens for the policy. A new one is shown once; what the policy holds is its SHA-256, which opens nothing.

use std::{fs, io, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::{Args, Subcommand};
use flvx_manifest::yaml;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{Failure, format::print, insert::with_token};
use crate::{
    access::{BUILT_IN_ROLES, token_digest},
    config::policy::check_principal,
};

/// Options of `token`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Make a token for a principal and show it once
    New(New),
    /// Read a token from standard input and print what the policy holds of it
    Hash,
}

#[derive(Debug, Clone, Args)]
struct New {
    /// Name of the principal
    name: String,
    /// Its role: viewer, operator, admin or one of the policy
    #[arg(long)]
    role: Option<String>,
    /// The policy file [env: MCP_POLICY_FILE]
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
    /// Write it into the policy file; everything else in it stays as it is, byte for byte
    #[arg(long)]
    write: bool,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    match &options.command {
        Command::New(new) => make(new),
        Command::Hash => {
            let text = io::read_to_string(io::stdin())?;
            let token = text.trim_end_matches(['\r', '\n']);
            if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Failure::Usage(
                    "standard input holds no token: one word of visible ASCII letters".to_owned(),
                ));
            }
            print(&digest_text(token))
        }
    }
}

fn make(new: &New) -> Result<(), Failure> {
    check_principal(&new.name, true).map_err(|words| Failure::Usage(format!("`{}`: {words}", new.name)))?;
    let path = new.policy.clone().or_else(|| std::env::var("MCP_POLICY_FILE").ok().filter(|path| !path.is_empty()));
    let text = match &path {
        Some(path) => match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && new.write => Some(String::new()),
            Err(error) => return Err(Failure::Usage(format!("{path} cannot be read: {error}"))),
        },
        None if new.write => return Err(Failure::Usage("--write needs --policy FILE".to_owned())),
        None => None,
    };
    let role = role(new, text.as_deref().unwrap_or_default())?;
    let token = fresh()?;
    let digest = digest_text(&token);
    if let (true, Some(path), Some(text)) = (new.write, &path, &text) {
        let written =
            with_token(text, &new.name, &role, &digest).map_err(|error| Failure::Usage(format!("{path}: {error}")))?;
        replace(Path::new(path), &written)?;
        eprintln!(
            "flvx-mcp: `{}` ({role}) has a new token in {path}; a running server takes it over at SIGHUP. This is it, shown only now:",
            new.name
        );
        return print(&token);
    }
    eprintln!(
        "flvx-mcp: the token of `{}` ({role}), shown only now, is on standard output; for the policy:\n",
        new.name
    );
    eprintln!("principals:\n  {}:\n    role: {role}\n    tokens: [\"{digest}\"]\n", new.name);
    print(&token)
}

/// The role that was asked for, or the one that the principal has already.
fn role(new: &New, text: &str) -> Result<String, Failure> {
    let tree = yaml::parse(text).ok();
    let at = |path: &[&str]| {
        let start = tree.clone()?;
        path.iter().try_fold(start, |node, key| node.get(key).cloned())
    };
    let has = at(&["principals", &new.name, "role"]).and_then(|role| role.text().map(str::to_owned));
    match (&new.role, has) {
        (Some(asked), Some(has)) if *asked != has => Err(Failure::Usage(format!(
            "`{}` has the role `{has}` in the policy; change it there, or leave --role out",
            new.name
        ))),
        (_, Some(has)) => Ok(has),
        (Some(asked), None) => {
            let own = at(&["roles"]).is_some_and(|roles| roles.get(asked).is_some());
            // Without a file nothing can be said of roles of its own.
            if BUILT_IN_ROLES.contains(&asked.as_str()) || own || tree.is_none() || text.is_empty() {
                Ok(asked.clone())
            } else {
                Err(Failure::Usage(format!(
                    "there is no role `{asked}`; known are viewer, operator, admin and those of the policy"
                )))
            }
        }
        (None, None) => Err(Failure::Usage(format!("`{}` is not in the policy yet: give it a --role", new.name))),
    }
}

fn fresh() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Failure::Failed(Some("the system gives no random numbers".to_owned())))?;
    Ok(format!("flvx_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

fn digest_text(token: &str) -> String {
    let hex: String = token_digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Puts a new text in a file's place, whole or not at all, with the same owner and permissions.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::Failed(Some(format!("{} cannot be written: {error}", path.display())));
    // A link stays a link: what it names is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    if let Ok(metadata) = fs::metadata(&target) {
        keep_owner(file.path(), &metadata).map_err(|error| {
            Failure::Failed(Some(format!(
                "{} is not written, because it could not stay its owner's: {error}; run this as that user, or put the token in by hand (without --write)",
                path.display()
            )))
        })?;
        fs::set_permissions(file.path(), metadata.permissions()).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Gives a new file to the user and group that have the old one: a service must still be able to read it.
#[cfg(unix)]
fn keep_owner(new: &Path, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let now = fs::metadata(new)?;
    let uid = (now.uid() != old.uid()).then_some(old.uid());
    let gid = (now.gid() != old.gid()).then_some(old.gid());
    if uid.is_none() && gid.is_none() { Ok(()) } else { chown(new, uid, gid) }
}

#[cfg(not(unix))]
fn keep_owner(_new: &Path, _old: &fs::Metadata) -> io::Result<()> {
    Ok(())
}
