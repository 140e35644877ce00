//! The command line: tokens, what a principal sees, and what `check` says of a policy.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Output, Stdio},
};

use flvx_sandbox::Sandbox;

use crate::setup::{Place, digest};
use crate::support::{ADMIN, program, text};

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program().args(arguments).output().unwrap();
    told(&output)
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let (printed, errors) = text(output);
    (output.status.code(), printed, errors)
}

#[test]
fn a_new_token_is_shown_once_and_its_digest_is_for_the_policy() {
    let (code, printed, errors) = run(&["token", "new", "ci", "--role", "viewer"]);
    assert_eq!(code, Some(0), "{errors}");
    let token = printed.trim();
    assert!(token.starts_with("flvx_") && token.len() == 5 + 43, "{token}");
    assert!(errors.contains(&format!("  ci:\n    role: viewer\n    tokens: [\"{}\"]", digest(token))), "{errors}");
    assert!(!errors.contains(token));
    let (_, again, _) = run(&["token", "new", "ci", "--role", "viewer"]);
    assert_ne!(again.trim(), token);
}

#[test]
fn a_written_token_works_and_leaves_the_rest_of_the_file_byte_for_byte() {
    let before = "# who may do what\nprincipals:\n  # the bot\n  bot: { role: viewer }   # reads\n\nhttp:\n  anonymous: false # never\n";
    let place = Place::new(before);
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let path = place.path();
    let path = path.to_str().unwrap();
    let (code, printed, errors) = run(&["token", "new", "ci", "--role", "operator", "--policy", path, "--write"]);
    assert_eq!(code, Some(0), "{errors}");
    let written = std::fs::read_to_string(path).unwrap();
    let added = format!("ci:\n    role: operator\n    tokens: [\"{}\"]\n  ", digest(printed.trim()));
    assert_eq!(written.replacen(&added, "", 1), before);
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o640);
    let (code, _, errors) = run(&["tools", "--as", "ci", "--policy", path]);
    assert_eq!(code, Some(0), "{errors}");
    // A second one, for the principal that is there now.
    let (code, second, errors) = run(&["token", "new", "ci", "--policy", path, "--write"]);
    assert_eq!(code, Some(0), "{errors}");
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written.contains(&digest(printed.trim())) && written.contains(&digest(second.trim())), "{written}");
    let (code, _, errors) = run(&["token", "new", "bot", "--role", "admin", "--policy", path, "--write"]);
    assert_eq!(
        (code, errors.as_str()),
        (Some(2), "flvx-mcp: `bot` has the role `viewer` in the policy; change it there, or leave --role out\n")
    );
}

#[test]
fn the_digest_of_a_token_is_made_from_standard_input() {
    let mut child = program()
        .args(["token", "hash"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"flvx_mine\n").unwrap();
    let (code, printed, errors) = told(&child.wait_with_output().unwrap());
    assert_eq!((code, printed.trim()), (Some(0), digest("flvx_mine").as_str()), "{errors}");
}

#[test]
fn a_name_that_can_be_no_principal_gets_no_token() {
    for (arguments, words) in [
        (&["token", "new", "local", "--role", "viewer"][..], "`local`: this is who comes without a proof"),
        (&["token", "new", "gateway", "--role", "viewer"], "`gateway`: under this name the gateway records"),
        (&["token", "new", "a b", "--role", "viewer"], "`a b`: a name is 1 to 64 letters"),
        (&["token", "new", "ci"], "`ci` is not in the policy yet: give it a --role"),
        (&["token", "new", "ci", "--role", "viewer", "--write"], "--write needs --policy FILE"),
    ] {
        let (code, printed, errors) = run(arguments);
        assert!(code == Some(2) && errors.contains(words) && printed.is_empty(), "{arguments:?}: {errors}");
    }
}

#[test]
fn tools_shows_what_a_principal_is_offered_and_call_knows_no_other() {
    let place = Place::new("principals:\n  local: { role: viewer }\n  net: { role: operator, toolsets: [node] }\n");
    let path = place.path();
    let path = path.to_str().unwrap();
    let names = |printed: &str| printed.lines().filter(|line| line.contains('.')).count();
    let (_, local, _) = run(&["tools", "--policy", path]);
    assert!(local.contains("node.list") && !local.contains("node.create"), "{local}");
    let (_, net, _) = run(&["tools", "--as", "net", "--policy", path]);
    assert!(net.contains("node.create") && !net.contains("forward.list") && names(&net) > 5, "{net}");
    let (code, _, errors) = run(&["tools", "--as", "nte", "--policy", path]);
    assert_eq!(
        (code, errors.as_str()),
        (Some(2), "flvx-mcp: there is no principal `nte`; the policy has local, net\n")
    );
    let (code, _, errors) = run(&["call", "--sandbox", "--policy", path, "backup.import", "{}"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("unknown tool `backup.import`") && errors.contains("flvx-mcp tools lists"), "{errors}");
    let output = program().args(["tools"]).env("MCP_READ_ONLY", "true").output().unwrap();
    assert!(!told(&output).1.contains("node.create"), "the settings count");
}

#[test]
fn check_explains_the_policy_and_names_what_is_without_effect() {
    let place = Place::new(&format!(
        "principals:\n  bot: {{ role: viewer, tokens: ['{}'], allow: [node.list, node.delete] }}\n  anonymous: {{ role: viewer }}\n  ghost: {{ role: operator }}\nhttp: {{ anonymous: false }}\n",
        digest("t")
    ));
    let path = place.path();
    let output = program()
        .args(["check", "--sandbox", "--policy", path.to_str().unwrap()])
        .env("MCP_TRANSPORT", "http")
        .env("MCP_HTTP_ADDR", "0.0.0.0:8088")
        .output()
        .unwrap();
    let (code, printed, errors) = told(&output);
    assert_eq!(code, Some(0), "{printed}{errors}");
    let flat = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "`bot` is allowed node.delete",
        "nobody can be `ghost`",
        "a principal `anonymous` is defined",
        "http on 0.0.0.0:8088: plain http on an address that other machines reach",
        "highest danger",
    ] {
        assert!(flat.contains(words), "{words} is not in\n{printed}");
    }
    assert!(
        printed.lines().any(|line| line.contains("bot") && line.contains("viewer") && line.contains(" 1 ")),
        "{printed}"
    );
    place.write("principals: { bot: { rol: viewer } }\n");
    let (code, _, errors) = run(&["check", "--sandbox", "--policy", path.to_str().unwrap()]);
    assert!(code == Some(2) && errors.contains("did you mean `role`?"), "{errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_tries_every_credential_of_the_policy() {
    let sandbox = Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
    let check = |place: &Place| {
        let path = place.path();
        let (code, printed, errors) =
            run(&["check", "--panel-url", &sandbox.url(), "--policy", path.to_str().unwrap()]);
        (code, format!("{printed}{errors}").split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let accounts = "credentials:\n  default: { username: admin_user, password_file: admin.pw }\n  alice: { username: alice, password_file: alice.pw }\n  \
        friend: { peer_token_file: friend.token }\n";
    let place = Place::new(accounts);
    for (name, secret) in [("admin.pw", ADMIN), ("alice.pw", "fake-pw-alice"), ("friend.token", "share")] {
        place.secret(name, secret);
    }
    let (code, said) = check(&place);
    for words in [
        "captcha ok off",
        "login ok `admin_user`, an administrator",
        "login alice ok `alice`, an ordinary account",
        "login friend ok a share token",
        "version ok the panel tells none",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(code == Some(0) && !said.contains("only public routes"), "{said}");

    place.secret("alice.pw", "not-the-password");
    let (code, said) = check(&place);
    assert!(
        code == Some(1) && said.contains("login alice WRONG the panel refused the login of `alice`"),
        "one that is wrong is told, whatever the others are: {said}"
    );

    sandbox.panel.state().configs.set("captcha_enabled", "true", 0);
    let (_, said) = check(&place);
    assert!(said.contains("captcha warning on: a login by name and password (`alice`, `default`)"), "{said}");
    let token = Place::new("credentials: { default: { token_file: panel.token } }\n");
    token.secret("panel.token", &sandbox.panel.token(ADMIN).unwrap());
    let (code, said) = check(&token);
    assert!(
        code == Some(0) && said.contains("captcha ok on") && said.contains("an administrator, by a panel token"),
        "{said}"
    );

    let other = Place::new("credentials: { reader: { token_file: panel.token } }\n");
    other.secret("panel.token", &sandbox.panel.token("alice").unwrap());
    let (_, said) = check(&other);
    assert!(
        said.contains("login warning no credential is called `default`") && said.contains("login reader ok `alice`"),
        "{said}"
    );
    let own = "principals:\n  local: { role: viewer, credential: reader }\n";
    other.write(&format!("credentials: {{ reader: {{ token_file: panel.token }} }}\n{own}"));
    assert!(!check(&other).1.contains("no credential is called"), "nobody would use it");
    let none = Place::new("principals:\n  local: { role: viewer }\n");
    assert!(check(&none).1.contains("login warning none is set up"));
}

#[test]
fn an_address_that_others_reach_needs_proofs_and_no_anonymous_callers() {
    let serve = |place: &Place| {
        let path = place.path();
        run(&[
            "serve",
            "--sandbox",
            "--transport",
            "http",
            "--http-addr",
            "0.0.0.0:0",
            "--policy",
            path.to_str().unwrap(),
        ])
    };
    let bare = Place::new("principals: { bot: { role: viewer }, anonymous: { role: viewer } }\n");
    let (code, _, errors) = serve(&bare);
    assert!(code == Some(2) && errors.contains("clients are not authenticated"), "{errors}");
    let open = Place::new(&format!(
        "http: {{ anonymous: true }}\nprincipals: {{ bot: {{ role: viewer, tokens: ['{}'] }} }}\n",
        digest("t")
    ));
    let (code, _, errors) = serve(&open);
    assert!(code == Some(2) && errors.contains("set `http.anonymous: false`"), "{errors}");
    let proxied = Place::new(
        "http: { public_url: 'https://flvx.example.com/mcp' }\nprincipals: { anonymous: { role: viewer } }\n",
    );
    let (code, _, errors) = serve(&proxied);
    assert!(code == Some(2) && errors.contains("take the principal `anonymous` out"), "{errors}");
    for nobody in ["", "http: { anonymous: false }\n", "principals: { bot: { role: viewer } }\n"] {
        let (code, _, errors) = serve(&Place::new(nobody));
        assert!(code == Some(2) && errors.contains("nobody could come in over http"), "{nobody}: {errors}");
    }
}
