//! What one node runs: services, chains and limiters by name, and the answers the shipped agent gives from them.
//! Nothing is opened or forwarded; ports are only compared, so a conflict shows as it would on a real node.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// A service the node runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Listening port, 0 when the address names none.
    pub port: u32,
    /// Whether it listens on UDP; every other listener counts as TCP.
    pub udp: bool,
    /// A paused service keeps its configuration and gives up its port.
    pub paused: bool,
    /// Its configuration as it was sent.
    pub config: Value,
}

/// The outcome of a command on the node.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// Carried out; a probe brings data.
    Done(Option<Value>),
    /// Refused, with the agent's words.
    Refused(String),
}

/// Everything that runs on one node.
#[derive(Debug, Clone)]
pub struct NodeModel {
    /// Services by name.
    pub services: BTreeMap<String, Service>,
    /// Names of the chains.
    pub chains: BTreeSet<String>,
    /// Names of the limiters.
    pub limiters: BTreeSet<String>,
    /// Ports held by something that is not ours.
    pub foreign_ports: BTreeSet<u32>,
    /// Hosts that a probe cannot reach.
    pub dead_targets: BTreeSet<String>,
    /// Whether an older binary is there to roll back to.
    pub has_backup_binary: bool,
}

impl Default for NodeModel {
    fn default() -> Self {
        Self {
            services: BTreeMap::new(),
            chains: BTreeSet::new(),
            limiters: BTreeSet::new(),
            foreign_ports: BTreeSet::new(),
            dead_targets: BTreeSet::new(),
            has_backup_binary: true,
        }
    }
}

const DONE: Applied = Applied::Done(None);

fn refused(text: impl Into<String>) -> Applied {
    Applied::Refused(text.into())
}

fn text<'a>(data: &'a Value, key: &str) -> &'a str {
    data.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn port_of(address: &str) -> u32 {
    address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0)
}

fn listener_of(service: &Value) -> &str {
    service.pointer("/listener/type").and_then(Value::as_str).unwrap_or("tcp")
}

fn names(data: &Value) -> impl Iterator<Item = &str> {
    data.get("services").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

impl NodeModel {
    /// Carries out one command. The type is compared exactly, as the shipped agent does.
    pub fn apply(&mut self, kind: &str, data: &Value) -> Applied {
        match kind {
            "AddService" => self.put_services(data, true),
            "UpdateService" => self.put_services(data, false),
            "PauseService" => self.set_paused(data, true),
            "ResumeService" => self.set_paused(data, false),
            "DeleteService" => {
                for name in names(data) {
                    self.services.remove(name);
                }
                DONE
            }
            "AddChains" => added(&mut self.chains, "chain", text(data, "name")),
            "DeleteChains" => {
                self.chains.remove(text(data, "chain"));
                DONE
            }
            "AddLimiters" => added(&mut self.limiters, "limiter", text(data, "name")),
            "DeleteLimiters" => {
                self.limiters.remove(text(data, "limiter"));
                DONE
            }
            "TcpPing" => self.probe(data),
            "RollbackAgent" if !self.has_backup_binary => refused("没有可用的备份文件，无法回退"),
            "SetProtocol" | "UpgradeAgent" | "RollbackAgent" => DONE,
            other => refused(format!("未知命令类型: {other}")),
        }
    }

    fn put_services(&mut self, data: &Value, must_be_new: bool) -> Applied {
        let Some(services) = data.as_array() else {
            let what = match data {
                Value::Null => "null",
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                Value::String(_) => "string",
                _ => "object",
            };
            return refused(format!(
                "解析服务配置失败: json: cannot unmarshal {what} into Go value of type []config.ServiceConfig"
            ));
        };
        if services.is_empty() {
            return refused("services list cannot be empty");
        }
        if must_be_new
            && let Some(service) = services.iter().find(|service| self.services.contains_key(text(service, "name")))
        {
            return refused(format!("service {} already exists", text(service, "name")));
        }
        for service in services {
            // an update closes the old listener first, so a failure leaves the node without the service
            self.services.remove(text(service, "name"));
            if let Err(error) = self.open(service) {
                return refused(error);
            }
        }
        DONE
    }

    fn open(&mut self, config: &Value) -> Result<(), String> {
        let (name, address) = (text(config, "name"), text(config, "addr"));
        let (port, udp) = (port_of(address), listener_of(config) == "udp");
        let taken = self.foreign_ports.contains(&port)
            || self.services.values().any(|other| other.port == port && other.udp == udp && !other.paused);
        if taken {
            let network = if udp { "udp" } else { "tcp" };
            return Err(format!(
                "create service {name} failed: listen {network} {address}: bind: address already in use"
            ));
        }
        self.services.insert(name.to_owned(), Service { port, udp, paused: false, config: config.clone() });
        Ok(())
    }

    fn set_paused(&mut self, data: &Value, paused: bool) -> Applied {
        for name in names(data) {
            match self.services.get_mut(name) {
                Some(service) => service.paused = paused,
                None => return refused(format!("service {name} not found")),
            }
        }
        DONE
    }

    fn probe(&self, data: &Value) -> Applied {
        let host = data.get("ip").cloned().unwrap_or_else(|| json!(""));
        let port = data.get("port").cloned().unwrap_or_else(|| json!(0));
        let alive = !host.as_str().is_some_and(|host| self.dead_targets.contains(host));
        let mut answer = Map::new();
        // the panel decodes this into a Go map, which prints its keys sorted
        answer.insert("averageTime".into(), if alive { json!(12.5) } else { json!(0) });
        if !alive {
            answer.insert("errorMessage".into(), json!("所有TCP连接尝试都失败"));
        }
        answer.insert("ip".into(), host);
        answer.insert("packetLoss".into(), json!(0));
        answer.insert("port".into(), port);
        answer.insert("success".into(), json!(alive));
        Applied::Done(Some(Value::Object(answer)))
    }
}

fn added(set: &mut BTreeSet<String>, what: &str, name: &str) -> Applied {
    if set.insert(name.to_owned()) { DONE } else { refused(format!("{what} {name} already exists")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    fn service(name: &str, port: u32, network: &str) -> Value {
        json!({"name": name, "addr": format!("[::]:{port}"), "listener": {"type": network}})
    }

    #[test]
    fn a_second_service_on_one_port_is_refused_with_the_bind_error_and_is_not_there_afterwards() {
        let mut node = NodeModel::default();
        assert_eq!(
            node.apply("AddService", &json!([service("1_1_0_tcp", 80, "tcp"), service("1_1_0_udp", 80, "udp")])),
            DONE
        );
        assert_eq!(
            node.apply("AddService", &json!([service("2_1_0_tcp", 80, "tcp")])),
            refused("create service 2_1_0_tcp failed: listen tcp [::]:80: bind: address already in use")
        );
        assert!(!node.services.contains_key("2_1_0_tcp"));
    }

    #[test]
    fn a_paused_service_gives_up_its_port_and_an_update_forgets_the_pause() {
        let mut node = NodeModel::default();
        node.apply("AddService", &json!([service("a", 80, "tcp")]));
        assert_eq!(node.apply("PauseService", &json!({"services": ["a"]})), DONE);
        assert!(node.services["a"].paused);
        assert_eq!(node.apply("UpdateService", &json!([service("a", 80, "tcp")])), DONE);
        assert!(!node.services["a"].paused);
    }

    #[test]
    fn deleting_what_is_not_there_succeeds_and_pausing_it_does_not() {
        let mut node = NodeModel::default();
        assert_eq!(node.apply("DeleteService", &json!({"services": ["x"]})), DONE);
        assert_eq!(node.apply("PauseService", &json!({"services": ["x"]})), refused("service x not found"));
    }

    #[test]
    fn a_command_of_another_name_or_case_is_unknown() {
        let mut node = NodeModel::default();
        assert_eq!(node.apply("reload", &Value::Null), refused("未知命令类型: reload"));
        assert_eq!(node.apply("addservice", &json!([])), refused("未知命令类型: addservice"));
        assert_eq!(node.apply("AddService", &json!([])), refused("services list cannot be empty"));
        assert_eq!(
            node.apply("AddService", &json!({"services": []})),
            refused("解析服务配置失败: json: cannot unmarshal object into Go value of type []config.ServiceConfig")
        );
    }

    #[test]
    fn a_probe_of_a_dead_target_succeeds_as_a_command_and_says_so_in_its_data() {
        let mut node = NodeModel::default();
        node.dead_targets.insert("192.0.2.1".into());
        let Applied::Done(Some(answer)) = node.apply("TcpPing", &json!({"ip": "192.0.2.1", "port": 80})) else {
            panic!("a probe brings data");
        };
        assert_eq!(answer["success"], json!(false));
        assert_eq!(answer["packetLoss"], json!(0));
        assert_eq!(answer["errorMessage"], json!("所有TCP连接尝试都失败"));
    }
}
