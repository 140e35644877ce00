//! Prompts: runbooks for the work that operators ask for most. One that names a tool which the caller is not offered is not
//! there for it.

use rmcp::{
    ErrorData,
    model::{GetPromptRequestParams, GetPromptResult, Prompt, PromptArgument, PromptMessage, Role},
};

use crate::gateway::Offer;

struct Runbook {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    argument: Option<(&'static str, &'static str)>,
    text: &'static str,
}

const RUNBOOKS: &[Runbook] = &[
    Runbook {
        name: "daily_report",
        title: "Daily report",
        description: "What is wrong today: nodes, forwards, quotas, expiry. Changes nothing.",
        argument: None,
        text: "Make a short report of the panel's state. Call ops.diagnose, then look closer only where it names something: node.list, tunnel.list, forward.list, user.list. \
               Say first what needs a person today, then what will within a week. Change nothing.",
    },
    Runbook {
        name: "diagnose_forward",
        title: "Find out why a forward does not work",
        description: "From the forward to its tunnel, nodes, owner and ports. Changes nothing.",
        argument: Some(("forward", "id or name of the forward")),
        text: "Find out why this forward does not work: {forward}. Find its row in forward.list (fields [\"*\"]). Is it paused? Then its owner in user.list (status, quota, expiry) and in \
               tunnel.user_list. Then its tunnel in tunnel.list and each node of it in node.list: offline nodes first. Then forward.diagnose and tunnel.diagnose. Another forward with the same port on \
               the same entry node? The panel reports such a conflict as success. Say what you found and what you would change; change nothing.",
    },
    Runbook {
        name: "replace_node",
        title: "Replace a dead node in a tunnel",
        description: "Which tunnels run over it, what hangs on them, and the change that swaps it.",
        argument: Some(("node", "id or name of the dead node")),
        text: "Plan the replacement of this node: {node}. List the tunnels that run over it (tunnel.list, inNodeId, outNodeId and chainNodes), the forwards on each (forward.list) and the nodes that could \
               take over (node.list, online, free ports). tunnel.update replaces the whole tunnel: prepare the complete request from tunnel.get with only the node exchanged. Traffic of the tunnel \
               stops while it is rebuilt. Show the plan with names and wait for the operator's decision before any change; afterwards verify with tunnel.diagnose and forward.diagnose.",
    },
    Runbook {
        name: "onboard_user",
        title: "Set up a new user",
        description: "Account, groups, tunnels and quota, checked afterwards.",
        argument: Some(("user", "what is known of the user: name, quota, expiry, tunnels")),
        text: "Set up this user: {user}. Check in user.list that the name is free; look at group.user_list and tunnel.list. Show the operator the account, its quota (GB), expiry (ms since the epoch), groups \
               and tunnels before you create anything. Then user.create, find the id in user.list, tunnel.user_assign for each tunnel, and read tunnel.user_list to prove it. Never repeat the password.",
    },
    Runbook {
        name: "before_a_big_change",
        title: "Before a big change",
        description: "What to look at and save before deleting, importing or rebuilding anything.",
        argument: Some(("change", "what is going to be changed")),
        text: "Prepare this change: {change}. Read the current state of everything it touches and keep the answers. Read ops.routes for each tool you will use: its traps, what cannot be undone, how long it takes. \
               Say what hangs on the things that change, with names and counts, and how you would take it back. Make one change at a time, each with its own idempotency_key, and read back after each.",
    },
];

/// All runbooks for somebody.
pub fn list(offer: Offer<'_>) -> Vec<Prompt> {
    RUNBOOKS
        .iter()
        .filter(|book| !offer.names_hidden(book.text))
        .map(|book| {
            let arguments = book
                .argument
                .map(|(name, what)| vec![PromptArgument::new(name).with_description(what).with_required(true)]);
            Prompt::new(book.name, Some(book.description), arguments).with_title(book.title)
        })
        .collect()
}

/// One runbook with its argument filled in.
pub fn get(offer: Offer<'_>, request: &GetPromptRequestParams) -> Result<GetPromptResult, ErrorData> {
    let book = RUNBOOKS.iter().find(|book| book.name == request.name).filter(|book| !offer.names_hidden(book.text));
    let Some(book) = book else {
        return Err(ErrorData::invalid_params(
            format!("there is no prompt `{}`", request.name.chars().take(100).collect::<String>()),
            None,
        ));
    };
    let mut text = book.text.to_owned();
    if let Some((name, what)) = book.argument {
        let given =
            request.arguments.as_ref().and_then(|arguments| arguments.get(name)).and_then(|value| value.as_str());
        let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) else {
            return Err(ErrorData::invalid_params(format!("argument `{name}` is required: {what}"), None));
        };
        text = text.replace(&format!("{{{name}}}"), given);
    }
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).with_description(book.description))
}
