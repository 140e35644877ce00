//! Every mistake of a policy file, with its exact words and place.

use flvx_mcp::{
    config::{Config, Environment},
    gateway::Gateway,
    ops,
};

use crate::setup::{Place, digest};

/// What the start says of this policy, without the name of the folder.
fn said(place: &Place, settings: &[(&str, &str)]) -> Vec<String> {
    let path = place.path();
    let mut environment =
        Environment::from([("MCP_POLICY_FILE", path.to_str().unwrap()), ("MCP_STATE_DIR", "temporary")]);
    for (name, value) in settings {
        environment.set(name, *value);
    }
    let error = Gateway::new(Config::from_env(&environment).unwrap(), ops::OWN).err().unwrap_or_default();
    let folder = format!("{}/", place.folder.path().display());
    error.replace(&folder, "").lines().skip(1).map(|line| line.trim_start_matches("  - ").to_owned()).collect()
}

const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";

#[test]
fn each_mistake_is_told_with_its_place_and_the_cure() {
    let zeros = DIGEST;
    let cases: Vec<(String, Vec<&str>)> = vec![
        ("principals: [\n".into(), vec!["flvx-mcp.yaml:2:1: not YAML: did not find expected node content"]),
        ("principal: {}\n".into(), vec!["flvx-mcp.yaml:1:1: there is no key `principal` here; did you mean `principals`?"]),
        (
            "principals:\n  bot: { role: viewer, tokn: [] }\n".into(),
            vec!["flvx-mcp.yaml:2:24: principals.bot: there is no key `tokn` here; did you mean `tokens`?"],
        ),
        (
            "principals:\n  bot: { role: viewer }\n  bot: { role: admin }\n".into(),
            vec!["flvx-mcp.yaml:3:3: principals.bot: this key is written twice; the first one would be without effect"],
        ),
        ("principals: { bot: {} }\n".into(), vec!["flvx-mcp.yaml:1:20: principals.bot: missing field `role`"]),
        (
            "principals: { bot: { role: oprator } }\n".into(),
            vec!["flvx-mcp.yaml:1:28: principals.bot.role: there is no role `oprator`; did you mean `operator`?"],
        ),
        (
            "principals: { bot: { role: viewer, danger: extreme } }\n".into(),
            vec!["flvx-mcp.yaml:1:44: principals.bot.danger: unknown variant `extreme`, expected one of `read`, `sensitive`, `write`, `dangerous`, `critical`"],
        ),
        (
            "principals: { bot: { role: viewer, danger: write } }\n".into(),
            vec!["flvx-mcp.yaml:1:44: principals.bot.danger: more than the role `viewer` has, which ends at `read`; limits only take away, so extend a larger role"],
        ),
        (
            "principals: { bot: { role: viewer, read_only: false } }\n".into(),
            vec!["flvx-mcp.yaml:1:47: principals.bot.read_only: the role `viewer` is read-only; limits only take away, so extend a larger role"],
        ),
        (
            "principals: { bot: { role: viewer, toolsets: [nod] } }\n".into(),
            vec!["flvx-mcp.yaml:1:47: principals.bot.toolsets[0]: there is no domain `nod`; did you mean `node`?"],
        ),
        (
            "principals: { bot: { role: admin, allow: [node.lst], deny: [node.delet] } }\n".into(),
            vec![
                "flvx-mcp.yaml:1:43: principals.bot.allow[0]: there is no tool `node.lst`; did you mean `node.list`?",
                "flvx-mcp.yaml:1:61: principals.bot.deny[0]: there is no tool `node.delet`; did you mean `node.delete`?",
            ],
        ),
        (
            "principals: { bot: { role: admin, reveal: [node.list.remoteToken, node.lst.data.x, node.list.data.name] } }\n".into(),
            vec![
                "flvx-mcp.yaml:1:44: principals.bot.reveal[0]: `node.list.remoteToken` is no secret field of an answer; the form is <tool>.data or <tool>.data.<key>",
                "flvx-mcp.yaml:1:67: principals.bot.reveal[1]: `node.lst.data.x`: there is no tool `node.lst`; did you mean `node.list`?",
                "flvx-mcp.yaml:1:84: principals.bot.reveal[2]: `node.list.data.name` is no secret, it is shown anyway",
            ],
        ),
        (
            "principals: { bot: { role: viewer, audit: all } }\n".into(),
            vec!["flvx-mcp.yaml:1:43: principals.bot.audit: the role `viewer` sees only its own calls; limits only take away, so extend a larger role"],
        ),
        (
            "principals: { bot: { role: admin, allow: [node.preview_delete], deny: [node.preview_delet] } }\n".into(),
            vec![
                "flvx-mcp.yaml:1:43: principals.bot.allow[0]: `node.preview_delete` is there for whoever may call `node.delete`; allow that",
                "flvx-mcp.yaml:1:72: principals.bot.deny[0]: there is no tool `node.preview_delet`; did you mean `node.preview_delete`?",
            ],
        ),
        (
            "principals: { gateway: { role: viewer } }\n".into(),
            vec!["flvx-mcp.yaml:1:15: principals.gateway: under this name the gateway records what it does by itself; give yours another name"],
        ),
        (
            "principals: { bot: { role: admin, tokens: [flvx_secret] } }\n".into(),
            vec!["flvx-mcp.yaml:1:44: principals.bot.tokens[0]: a token stands here as `sha256:` and 64 hexadecimal digits, never itself; `flvx-mcp token hash` makes that of one"],
        ),
        (
            format!("principals:\n  one: {{ role: admin, tokens: ['{zeros}'] }}\n  two: {{ role: viewer, tokens: ['{zeros}'] }}\n"),
            vec!["flvx-mcp.yaml:3:33: principals.two.tokens[0]: this token is already the one of `one`"],
        ),
        (
            format!("principals: {{ local: {{ role: admin, tokens: ['{zeros}'] }} }}\n"),
            vec!["flvx-mcp.yaml:1:15: principals.local: this is who comes without a proof; give tokens and subjects to a principal of another name"],
        ),
        (
            "principals: { bot: { role: admin, jwt: [me] } }\n".into(),
            vec!["flvx-mcp.yaml:1:41: principals.bot.jwt[0]: nobody can prove to be a subject, because `jwt` is not set up"],
        ),
        (
            "principals: { 'b t': { role: admin } }\n".into(),
            vec!["flvx-mcp.yaml:1:15: principals.b t: a name is 1 to 64 letters, digits and `-_.@`"],
        ),
        (
            "principals: { bot: { role: admin, credential: alise, credentials: [peer] } }\ncredentials: { alice: { username: alice, password_env: ALICE } }\n".into(),
            vec![
                "flvx-mcp.yaml:1:47: principals.bot.credential: there is no credential `alise`; did you mean `alice`?",
                "flvx-mcp.yaml:1:68: principals.bot.credentials[0]: there is no credential `peer`; known are alice, default",
            ],
        ),
        (
            "roles: { admin: { extends: viewer } }\n".into(),
            vec!["flvx-mcp.yaml:1:10: roles.admin: this role is built in; give yours another name"],
        ),
        (
            "roles: { one: { extends: two }, two: { extends: one }, three: { extends: viewr } }\n".into(),
            vec![
                "flvx-mcp.yaml:1:26: roles.one.extends: `two` leads back here or to a role that does not exist",
                "flvx-mcp.yaml:1:49: roles.two.extends: `one` leads back here or to a role that does not exist",
                "flvx-mcp.yaml:1:74: roles.three.extends: there is no role `viewr`; did you mean `viewer`?",
            ],
        ),
        (
            "credentials: { alice: { username: alice } }\n".into(),
            vec!["flvx-mcp.yaml:1:16: credentials.alice: an account needs `password_file` or `password_env`"],
        ),
        (
            "credentials: { alice: { username: alice, password_env: NOT_THERE } }\n".into(),
            vec!["flvx-mcp.yaml:1:56: credentials.alice.password_env: the environment variable NOT_THERE is not set"],
        ),
        (
            "credentials: { alice: { username: alice, password_file: open.pw } }\n".into(),
            vec!["flvx-mcp.yaml:1:57: credentials.alice.password_file: open.pw can be read by other users (mode 644), and it holds a secret; chmod 600 open.pw"],
        ),
        (
            "credentials: { alice: { username: alice, password_file: none.pw } }\n".into(),
            vec!["flvx-mcp.yaml:1:57: credentials.alice.password_file: none.pw cannot be read: No such file or directory (os error 2)"],
        ),
        (
            "credentials: { default: { token_env: ALICE } }\n".into(),
            vec!["flvx-mcp.yaml:1:16: credentials.default: the environment (PANEL_*) defines this credential as well; keep one of them"],
        ),
        (
            "credentials: { alice: { username: alice, password: x } }\n".into(),
            vec!["flvx-mcp.yaml:1:42: credentials.alice: there is no key `password` here; did you mean `password_env`?"],
        ),
        (
            "http: { max_concurrent: 20, max_concurrent_per_principal: 21 }\n".into(),
            vec!["flvx-mcp.yaml:1:59: http.max_concurrent_per_principal: 21 is not from 1 to 20"],
        ),
        (
            "http: { public_url: 'https://flvx.example.com/mcp/', max_concurrent: 0 }\n".into(),
            vec![
                "flvx-mcp.yaml:1:21: http.public_url: `https://flvx.example.com/mcp/` ends with `/`; the endpoint is called without it, and both must be equal",
                "flvx-mcp.yaml:1:70: http.max_concurrent: 0 is not from 1 to 10000",
            ],
        ),
        (
            "jwt: { issuer: 'https://id.example.com', jwks_url: 'http://id.example.com/keys' }\n".into(),
            vec![
                "flvx-mcp.yaml:1:1: jwt: needs `http.public_url`, the address that clients use: they are told which resource to ask a token for",
                "flvx-mcp.yaml:1:52: jwt.jwks_url: `http://id.example.com/keys`: keys are fetched over https (http only on loopback), or anybody on the way could give his own",
            ],
        ),
        (
            "http: { public_url: 'https://f.example/mcp' }\njwt: { issuer: x, jwks_file: none.json, algorithms: [HS256] }\n".into(),
            vec!["flvx-mcp.yaml:2:54: jwt.algorithms[0]: unknown variant `HS256`, expected one of `RS256`, `PS256`, `ES256`, `EdDSA`"],
        ),
        (
            "http: { public_url: 'https://f.example/mcp' }\njwt: { issuer: x, jwks_url: 'https://x/k', roles: [{ claim: scope, value: 'a b', role: vewer }] }\n".into(),
            vec!["flvx-mcp.yaml:2:88: jwt.roles[0].role: there is no role `vewer`; did you mean `viewer`?"],
        ),
    ];
    let mut faults = Vec::new();
    for (policy, expected) in &cases {
        let place = Place::new(policy);
        std::fs::write(place.folder.path().join("open.pw"), "x\n").unwrap();
        let found = said(&place, &[("ALICE", "a-password"), ("PANEL_TOKEN", "fake.panel.token")]);
        if found.iter().map(String::as_str).ne(expected.iter().copied()) {
            faults.push(format!("{policy}    expected {expected:#?}\n    found {found:#?}"));
        }
    }
    println!("{} policies with mistakes", cases.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_of_a_secret_is_in_a_mistake() {
    let place = Place::new(&format!(
        "principals: {{ bot: {{ role: viewr, tokens: ['{}', flvx_plain] }} }}\ncredentials: {{ a: {{ username: a, password_env: PW, token_env: PW }} }}\n",
        digest("x")
    ));
    let all = said(&place, &[("PW", "the-password-itself")]).join("\n");
    assert!(!all.is_empty() && !all.contains("the-password-itself") && !all.contains("flvx_plain"), "{all}");
}

#[test]
fn behind_an_address_that_others_reach_nobody_comes_in_without_a_proof() {
    let start = |policy: &str, anonymous: &str| {
        let place = Place::new(policy);
        let path = place.path();
        let environment = Environment::from([
            ("MCP_POLICY_FILE", path.to_str().unwrap()),
            ("MCP_STATE_DIR", "temporary"),
            ("MCP_TRANSPORT", "http"),
            ("MCP_HTTP_ANONYMOUS", anonymous),
        ]);
        Gateway::new(Config::from_env(&environment).unwrap(), ops::OWN).map(drop)
    };
    let with = |url: &str, http: &str, principals: &str| {
        format!(
            "http: {{ public_url: '{url}'{http} }}\nprincipals: {{ bot: {{ role: viewer, tokens: ['{DIGEST}'] }}{principals} }}\n"
        )
    };
    let (outer, named) = ("https://flvx.example.com/mcp", ", anonymous: { role: viewer }");
    let refused = |url: &str| {
        format!(
            "other machines reach `http.public_url` ({url}), and the policy lets anonymous callers in; set `http.anonymous: false`"
        )
    };
    let or = ", or take the principal `anonymous` out";
    let alone = format!("http: {{ public_url: '{outer}' }}\nprincipals: {{ anonymous: {{ role: viewer }} }}\n");
    assert_eq!(start(&alone, "true"), Err(refused(outer) + or));
    for url in [outer, "http://192.0.2.1:8088/mcp", "http://127.evil.example/mcp"] {
        assert_eq!(start(&with(url, "", named), "true"), Err(refused(url) + or));
        assert_eq!(start(&with(url, ", anonymous: true", ""), "true"), Err(refused(url)));
        assert_eq!(start(&with(url, ", anonymous: true", named), "true"), Err(refused(url)));
        // Nobody is let in: the file does not say so, says no, or the environment does.
        assert_eq!(start(&with(url, "", ""), "true"), Ok(()));
        assert_eq!(start(&with(url, ", anonymous: false", named), "true"), Ok(()));
        assert_eq!(start(&with(url, ", anonymous: true", named), "false"), Ok(()));
    }
    for url in ["http://localhost:8088/mcp", "http://127.0.0.1:8088/mcp", "http://[::1]:8088/mcp"] {
        assert_eq!(start(&with(url, "", named), "true"), Ok(()), "{url}");
    }
}
