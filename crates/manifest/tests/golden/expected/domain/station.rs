use crate::client::{Answer, Credential, PanelClient, PanelError};
use crate::generated::NoData;
use crate::generated::described;

/// Arguments of [`PanelClient::station_list`]: All stations with their place and state.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct StationListRequest {
    /// Part of the name. Left out: `""`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
}

/// A row of `station.list`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct StationListRow {
    /// Station id.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Whether it reports. Values: `1` reporting, `0` silent.
    pub state: i64,
    /// Where it stands.
    pub place: Option<Place>,
    /// Key with which it signs in.
    pub secret: crate::Secret,
    /// Free settings.
    pub settings: std::collections::BTreeMap<String, crate::Secret>,
    /// When it calls.
    pub alarms: Vec<Alarm>,
    /// Who runs it.
    pub owner: StationListRowOwner,
    /// Whatever the model adds.
    pub extra: Option<serde_json::Value>,
}

/// A point on the map.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Place {
    /// Degrees north. Unit: degrees.
    pub latitude: f64,
    /// Degrees east. Unit: degrees.
    pub longitude: f64,
    /// What a map shows beside it.
    pub label: Option<String>,
}

/// When a station calls.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Alarm {
    /// Direction of the crossing. Values: `above` value rises over the limit, `below` value falls under the limit.
    pub r#type: String,
    /// Value that must be crossed.
    pub limit: f64,
    /// Whether it stays silent.
    pub muted: bool,
}

/// Who runs it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct StationListRowOwner {
    /// Account.
    pub user_id: i64,
    /// Whether the account has a second factor.
    #[serde(rename = "2fa")]
    pub n2fa: Option<bool>,
}

/// Arguments of [`PanelClient::station_create`]: Makes a station. No id comes back; the gateway finds it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct StationCreateRequest {
    /// Display name.
    pub name: String,
    /// Kind of station. Values: `standard` the usual one, `prototype` the new one. Left out: `"standard"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceInput>,
    /// Region in place of a point. Special: `0` everywhere.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::generated::given"
    )]
    pub region: Option<Option<i64>>,
    /// When it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<Vec<AlarmInput>>,
    /// Key with which it signs in. Left out: a random one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<crate::Secret>,
    /// Where it is built for. Values: `1` on land, `2` at sea.
    pub r#type: i64,
}

/// A point on the map.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct PlaceInput {
    /// Degrees north. Unit: degrees.
    pub latitude: f64,
    /// Degrees east. Unit: degrees.
    pub longitude: f64,
    /// What a map shows beside it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::generated::given"
    )]
    pub label: Option<Option<String>>,
}

/// When a station calls.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct AlarmInput {
    /// Direction of the crossing. Values: `above` value rises over the limit, `below` value falls under the limit.
    pub r#type: String,
    /// Value that must be crossed.
    pub limit: f64,
    /// Whether it stays silent. Left out: `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
}

/// Arguments of [`PanelClient::station_delete`]: Deletes stations with their readings.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct StationDeleteRequest {
    /// Stations to delete.
    pub ids: Vec<i64>,
}

/// What became of each.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct StationDeleteData {
    /// How many are gone.
    pub done: i64,
    /// One entry for each station.
    pub results: Vec<StationDeleteResultsItem>,
}

/// Part of the data of `station.delete`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct StationDeleteResultsItem {
    /// Station.
    pub id: i64,
    /// Why it is still there.
    pub error: Option<String>,
}

/// Arguments of [`PanelClient::station_settings`]: Stores settings by name.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct StationSettingsRequest(
    /// Free keys and their values.
    pub std::collections::BTreeMap<String, String>,
);

/// Arguments of [`PanelClient::station_metrics`]: Measurements of a station, oldest first.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct StationMetricsRequest {
    /// Station.
    pub id: i64,
    /// How far back. Values: `1h` one hour, `24h` one day. Left out: `"1h"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Only these sensors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<Vec<String>>,
    /// The calling panel's domain.
    #[serde(rename = "X-Panel-Domain")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_panel_domain: Option<String>,
}

/// One measurement.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct Reading {
    /// When it was taken. Unit: ms since the epoch.
    pub timestamp: i64,
    /// What was measured; null while the sensor was off.
    pub value: Option<f64>,
    /// Marks of the quality control.
    pub flags: Option<Vec<String>>,
}

/// Arguments of [`PanelClient::station_latest`]: The latest measurement, if there is one.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct StationLatestRequest {
    /// Station.
    pub id: i64,
}

/// Arguments of [`PanelClient::station_watch`]: Measurements as they come, for a minute.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct StationWatchRequest {
    /// Stations to watch.
    pub ids: Vec<i64>,
}

/// A row of `station.watch`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct StationWatchRow {
    /// Station.
    pub id: i64,
    /// What it measured.
    pub reading: Reading,
}

/// Arguments of [`PanelClient::feed_report`]: Yesterday's weather as one line of text.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct FeedReportRequest {
    /// Account.
    pub user: String,
    /// Its password.
    pub pwd: crate::Secret,
}

/// Data of `station.list`.
pub type StationListData = Vec<StationListRow>;

/// Data of `station.metrics`.
pub type StationMetricsData = Vec<Reading>;

/// Data of `station.latest`.
pub type StationLatestData = Option<Reading>;

/// Data of `station.watch`.
pub type StationWatchData = Vec<StationWatchRow>;

/// Data of `feed.report`. The line.
pub type FeedReportData = String;

impl PanelClient {
    /// List stations.
    ///
    /// Returns every station.
    ///
    /// - The place is where the station stands.
    /// - The key is a secret.
    ///
    /// `POST /api/v1/station/list`, danger sensitive, role user. Ordered by id.
    ///
    /// # Errors
    /// What the panel refuses, and what keeps its answer away.
    pub async fn station_list(
        &self,
        credential: &Credential,
        request: &StationListRequest,
    ) -> Result<Answer<StationListData>, PanelError> {
        self.typed(super::STATION_LIST, credential, request).await
    }

    /// Create a station.
    ///
    /// Makes a station and gives it a key.
    ///
    /// `POST /api/v1/station/create`, danger write, role user. No data.
    ///
    /// # Errors
    /// What the panel refuses, and what keeps its answer away.
    pub async fn station_create(
        &self,
        credential: &Credential,
        request: &StationCreateRequest,
    ) -> Result<Answer<NoData>, PanelError> {
        self.typed(super::STATION_CREATE, credential, request).await
    }

    /// Delete stations.
    ///
    /// Deletes stations. Their readings are gone.
    ///
    /// `POST /api/v1/station/delete`, danger dangerous, role admin.
    ///
    /// # Errors
    /// What the panel refuses, and what keeps its answer away.
    pub async fn station_delete(
        &self,
        credential: &Credential,
        request: &StationDeleteRequest,
    ) -> Result<Answer<StationDeleteData>, PanelError> {
        self.typed(super::STATION_DELETE, credential, request).await
    }

    /// Change settings.
    ///
    /// Stores settings by name; other names stay.
    ///
    /// `PUT /api/v1/station/settings`, danger write, role admin.
    ///
    /// # Errors
    /// What the panel refuses, and what keeps its answer away.
    pub async fn station_settings(
        &self,
        credential: &Credential,
        request: &StationSettingsRequest,
    ) -> Result<Answer<NoData>, PanelError> {
        self.typed(super::STATION_SETTINGS, credential, request).await
    }

    /// Read measurements.
    ///
    /// Measurements of a station, oldest first.
    ///
    /// `GET /api/v1/station/{id}/metrics`, danger read, role user.
    ///
    /// # Errors
    /// What the panel refuses, and what keeps its answer away.
    pub async fn station_metrics(
        &self,
        credential: &Credential,
        request: &StationMetricsRequest,
    ) -> Result<Answer<StationMetricsData>, PanelError> {
        self.typed(super::STATION_METRICS, credential, request).await
    }

    /// Read the latest measurement.
    ///
    /// The latest measurement. The panel leaves data out while there is none.
    ///
    /// `GET /api/v1/station/{id}/latest`, danger read, role user.
    ///
    /// # Errors
    /// What the panel refuses, and what keeps its answer away.
    pub async fn station_latest(
        &self,
        credential: &Credential,
        request: &StationLatestRequest,
    ) -> Result<Answer<StationLatestData>, PanelError> {
        self.typed(super::STATION_LATEST, credential, request).await
    }

    /// Watch measurements.
    ///
    /// Measurements as they come, one JSON value a line, for a minute.
    ///
    /// `POST /api/v1/station/watch`, danger read, role user.
    ///
    /// # Errors
    /// What the panel refuses, and what keeps its answer away.
    pub async fn station_watch(
        &self,
        credential: &Credential,
        request: &StationWatchRequest,
    ) -> Result<Answer<StationWatchData>, PanelError> {
        self.typed(super::STATION_WATCH, credential, request).await
    }

    /// Read the report.
    ///
    /// Yesterday's weather as one line of text.
    ///
    /// `GET /api/v1/station/report`, danger read, role public.
    ///
    /// # Errors
    /// What the panel refuses, and what keeps its answer away.
    pub async fn feed_report(
        &self,
        credential: &Credential,
        request: &FeedReportRequest,
    ) -> Result<Answer<FeedReportData>, PanelError> {
        self.typed(super::FEED_REPORT, credential, request).await
    }
}

described!(StationListRequest, super::STATION_LIST.request_schema);

described!(
    StationListRow,
    r#"{"type":"object","properties":{"id":{"type":"integer"},"name":{"type":"string"},"state":{"type":"integer","description":"1 reporting, 0 silent","enum":[1,0]},"place":{"type":["object","null"],"properties":{"latitude":{"type":"number","description":"Degrees north","minimum":-90,"maximum":90},"longitude":{"type":"number","description":"Degrees east","minimum":-180,"maximum":180},"label":{"type":["string","null"],"description":"What a map shows beside it","maxLength":40}},"description":"Where it stands"},"secret":{"type":"string","description":"Key with which it signs in"},"settings":{"type":"object","description":"Free settings","additionalProperties":{"type":"string"}},"alarms":{"type":"array","description":"When it calls","items":{"type":"object","properties":{"type":{"type":"string","description":"Direction of the crossing","enum":["above","below"]},"limit":{"type":"number","description":"Value that must be crossed"},"muted":{"type":"boolean","description":"Whether it stays silent"}}}},"owner":{"type":"object","properties":{"user_id":{"type":"integer","description":"Account"},"2fa":{"type":"boolean","description":"Whether the account has a second factor"}},"description":"Who runs it"},"extra":{"description":"Whatever the model adds"}}}"#
);

described!(
    Place,
    r#"{"type":"object","properties":{"latitude":{"type":"number","description":"Degrees north","minimum":-90,"maximum":90},"longitude":{"type":"number","description":"Degrees east","minimum":-180,"maximum":180},"label":{"type":["string","null"],"description":"What a map shows beside it","maxLength":40}}}"#
);

described!(
    Alarm,
    r#"{"type":"object","properties":{"type":{"type":"string","description":"Direction of the crossing","enum":["above","below"]},"limit":{"type":"number","description":"Value that must be crossed"},"muted":{"type":"boolean","description":"Whether it stays silent"}}}"#
);

described!(
    StationListRowOwner,
    r#"{"type":"object","properties":{"user_id":{"type":"integer","description":"Account"},"2fa":{"type":"boolean","description":"Whether the account has a second factor"}}}"#
);

described!(StationCreateRequest, super::STATION_CREATE.request_schema);

described!(
    PlaceInput,
    r#"{"type":"object","properties":{"latitude":{"type":"number","description":"Degrees north","minimum":-90,"maximum":90},"longitude":{"type":"number","description":"Degrees east","minimum":-180,"maximum":180},"label":{"type":["string","null"],"description":"What a map shows beside it","maxLength":40}},"required":["latitude","longitude"],"additionalProperties":false}"#
);

described!(
    AlarmInput,
    r#"{"type":"object","properties":{"type":{"type":"string","description":"Direction of the crossing","enum":["above","below"]},"limit":{"type":"number","description":"Value that must be crossed"},"muted":{"type":"boolean","description":"Whether it stays silent"}},"required":["type","limit"],"additionalProperties":false}"#
);

described!(StationDeleteRequest, super::STATION_DELETE.request_schema);

described!(
    StationDeleteData,
    r#"{"type":"object","properties":{"done":{"type":"integer","description":"How many are gone"},"results":{"type":"array","description":"One entry for each station","items":{"type":"object","properties":{"id":{"type":"integer"},"error":{"type":["string","null"],"description":"Why it is still there"}}}}}}"#
);

described!(
    StationDeleteResultsItem,
    r#"{"type":"object","properties":{"id":{"type":"integer"},"error":{"type":["string","null"],"description":"Why it is still there"}}}"#
);

described!(StationSettingsRequest, super::STATION_SETTINGS.request_schema);

described!(StationMetricsRequest, super::STATION_METRICS.request_schema);

described!(
    Reading,
    r#"{"type":"object","properties":{"timestamp":{"type":"integer","description":"When it was taken, epoch ms"},"value":{"type":["number","null"],"description":"What was measured"},"flags":{"type":"array","description":"Marks of the quality control","items":{"type":"string"}}}}"#
);

described!(StationLatestRequest, super::STATION_LATEST.request_schema);

described!(StationWatchRequest, super::STATION_WATCH.request_schema);

described!(
    StationWatchRow,
    r#"{"type":"object","properties":{"id":{"type":"integer"},"reading":{"type":"object","properties":{"timestamp":{"type":"integer","description":"When it was taken, epoch ms"},"value":{"type":["number","null"],"description":"What was measured"},"flags":{"type":"array","description":"Marks of the quality control","items":{"type":"string"}}},"description":"What it measured"}}}"#
);

described!(FeedReportRequest, super::FEED_REPORT.request_schema);

/// The fields of this domain as the route tables show them.
pub(crate) mod tables {
    use crate::{generated::BLANK, spec::*};

    /// Keys of type `Place`.
    pub(crate) static PLACE_KEYS: [Field; 3] = [
        Field {
            name: "latitude",
            kind: Kind::Number,
            doc: "Degrees north.",
            required: true,
            min: Some(-90.0),
            max: Some(90.0),
            ..BLANK
        },
        Field {
            name: "longitude",
            kind: Kind::Number,
            doc: "Degrees east.",
            required: true,
            min: Some(-180.0),
            max: Some(180.0),
            ..BLANK
        },
        Field {
            name: "label",
            kind: Kind::String,
            doc: "What a map shows beside it.",
            nullable: true,
            free_text: true,
            max_length: Some(40),
            ..BLANK
        },
    ];

    /// Keys of type `Alarm`.
    pub(crate) static ALARM_KEYS: [Field; 3] = [
        Field {
            name: "type",
            kind: Kind::String,
            doc: "Direction of the crossing.",
            required: true,
            values: &[
                Meaning {
                    value: r#""above""#,
                    text: "value rises over the limit",
                },
                Meaning {
                    value: r#""below""#,
                    text: "value falls under the limit",
                },
            ],
            ..BLANK
        },
        Field {
            name: "limit",
            kind: Kind::Number,
            doc: "Value that must be crossed.",
            required: true,
            ..BLANK
        },
        Field {
            name: "muted",
            kind: Kind::Boolean,
            doc: "Whether it stays silent.",
            ..BLANK
        },
    ];

    /// Keys of type `Reading`.
    pub(crate) static READING_KEYS: [Field; 3] = [
        Field {
            name: "timestamp",
            kind: Kind::Integer,
            doc: "When it was taken.",
            ..BLANK
        },
        Field {
            name: "value",
            kind: Kind::Number,
            doc: "What was measured; null while the sensor was off.",
            nullable: true,
            ..BLANK
        },
        Field {
            name: "flags",
            kind: Kind::Array,
            doc: "Marks of the quality control.",
            items: Some(
                &Field {
                    kind: Kind::String,
                    ..BLANK
                },
            ),
            ..BLANK
        },
    ];

    /// Request of `station.list`.
    pub(crate) static STATION_LIST_REQUEST: Field = Field {
        kind: Kind::Object,
        fields: &[
            Field {
                name: "keyword",
                kind: Kind::String,
                doc: "Part of the name.",
                ..BLANK
            },
            Field {
                name: "page",
                kind: Kind::Integer,
                doc: "The panel has no paging.",
                ignored: true,
                ..BLANK
            },
        ],
        ..BLANK
    };

    /// Data of `station.list`.
    pub(crate) static STATION_LIST_DATA: Field = Field {
        kind: Kind::Array,
        items: Some(
            &Field {
                kind: Kind::Object,
                fields: &[
                    Field {
                        name: "id",
                        kind: Kind::Integer,
                        doc: "Station id.",
                        ..BLANK
                    },
                    Field {
                        name: "name",
                        kind: Kind::String,
                        doc: "Display name.",
                        free_text: true,
                        ..BLANK
                    },
                    Field {
                        name: "state",
                        kind: Kind::Integer,
                        doc: "Whether it reports.",
                        values: &[
                            Meaning {
                                value: "1",
                                text: "reporting",
                            },
                            Meaning {
                                value: "0",
                                text: "silent",
                            },
                        ],
                        ..BLANK
                    },
                    Field {
                        name: "place",
                        kind: Kind::Object,
                        doc: "Where it stands.",
                        nullable: true,
                        fields: &PLACE_KEYS,
                        ..BLANK
                    },
                    Field {
                        name: "secret",
                        kind: Kind::String,
                        doc: "Key with which it signs in.",
                        secret: true,
                        ..BLANK
                    },
                    Field {
                        name: "settings",
                        kind: Kind::Map,
                        doc: "Free settings.",
                        secret_keys: &["password"],
                        items: Some(
                            &Field {
                                kind: Kind::String,
                                ..BLANK
                            },
                        ),
                        ..BLANK
                    },
                    Field {
                        name: "alarms",
                        kind: Kind::Array,
                        doc: "When it calls.",
                        items: Some(
                            &Field {
                                kind: Kind::Object,
                                fields: &ALARM_KEYS,
                                ..BLANK
                            },
                        ),
                        ..BLANK
                    },
                    Field {
                        name: "owner",
                        kind: Kind::Object,
                        doc: "Who runs it.",
                        fields: &[
                            Field {
                                name: "user_id",
                                kind: Kind::Integer,
                                doc: "Account.",
                                volatile: true,
                                ..BLANK
                            },
                            Field {
                                name: "2fa",
                                kind: Kind::Boolean,
                                doc: "Whether the account has a second factor.",
                                ..BLANK
                            },
                        ],
                        ..BLANK
                    },
                    Field {
                        name: "extra",
                        doc: "Whatever the model adds.",
                        ..BLANK
                    },
                ],
                ..BLANK
            },
        ),
        ..BLANK
    };

    /// Request of `station.create`.
    pub(crate) static STATION_CREATE_REQUEST: Field = Field {
        kind: Kind::Object,
        fields: &[
            Field {
                name: "name",
                kind: Kind::String,
                doc: "Display name.",
                required: true,
                free_text: true,
                min_length: Some(1),
                max_length: Some(100),
                ..BLANK
            },
            Field {
                name: "model",
                kind: Kind::String,
                doc: "Kind of station.",
                values: &[
                    Meaning {
                        value: r#""standard""#,
                        text: "the usual one",
                    },
                    Meaning {
                        value: r#""prototype""#,
                        text: "the new one",
                    },
                ],
                ..BLANK
            },
            Field {
                name: "place",
                kind: Kind::Object,
                doc: "Where it stands.",
                fields: &PLACE_KEYS,
                ..BLANK
            },
            Field {
                name: "region",
                kind: Kind::Integer,
                doc: "Region in place of a point.",
                nullable: true,
                min: Some(0.0),
                ..BLANK
            },
            Field {
                name: "alarms",
                kind: Kind::Array,
                doc: "When it calls.",
                max_items: Some(20),
                items: Some(
                    &Field {
                        kind: Kind::Object,
                        fields: &ALARM_KEYS,
                        ..BLANK
                    },
                ),
                ..BLANK
            },
            Field {
                name: "key",
                kind: Kind::String,
                doc: "Key with which it signs in.",
                secret: true,
                min_length: Some(8),
                ..BLANK
            },
            Field {
                name: "type",
                kind: Kind::Integer,
                doc: "Where it is built for.",
                required: true,
                values: &[
                    Meaning {
                        value: "1",
                        text: "on land",
                    },
                    Meaning {
                        value: "2",
                        text: "at sea",
                    },
                ],
                ..BLANK
            },
        ],
        ..BLANK
    };

    /// Request of `station.delete`.
    pub(crate) static STATION_DELETE_REQUEST: Field = Field {
        kind: Kind::Object,
        fields: &[
            Field {
                name: "ids",
                kind: Kind::Array,
                doc: "Stations to delete.",
                required: true,
                min_items: Some(1),
                max_items: Some(500),
                items: Some(
                    &Field {
                        kind: Kind::Integer,
                        min: Some(1.0),
                        ..BLANK
                    },
                ),
                ..BLANK
            },
        ],
        ..BLANK
    };

    /// Data of `station.delete`.
    pub(crate) static STATION_DELETE_DATA: Field = Field {
        kind: Kind::Object,
        doc: "What became of each.",
        fields: &[
            Field {
                name: "done",
                kind: Kind::Integer,
                doc: "How many are gone.",
                ..BLANK
            },
            Field {
                name: "results",
                kind: Kind::Array,
                doc: "One entry for each station.",
                items: Some(
                    &Field {
                        kind: Kind::Object,
                        fields: &[
                            Field {
                                name: "id",
                                kind: Kind::Integer,
                                doc: "Station.",
                                ..BLANK
                            },
                            Field {
                                name: "error",
                                kind: Kind::String,
                                doc: "Why it is still there.",
                                nullable: true,
                                free_text: true,
                                ..BLANK
                            },
                        ],
                        ..BLANK
                    },
                ),
                ..BLANK
            },
        ],
        ..BLANK
    };

    /// Request of `station.settings`.
    pub(crate) static STATION_SETTINGS_REQUEST: Field = Field {
        kind: Kind::Map,
        doc: "Names and values.",
        min_items: Some(1),
        items: Some(
            &Field {
                kind: Kind::String,
                ..BLANK
            },
        ),
        ..BLANK
    };

    /// Request of `station.metrics`.
    pub(crate) static STATION_METRICS_REQUEST: Field = Field {
        kind: Kind::Object,
        fields: &[
            Field {
                name: "id",
                kind: Kind::Integer,
                doc: "Station.",
                location: Location::Path,
                required: true,
                min: Some(1.0),
                ..BLANK
            },
            Field {
                name: "range",
                kind: Kind::String,
                doc: "How far back.",
                location: Location::Query,
                values: &[
                    Meaning {
                        value: r#""1h""#,
                        text: "one hour",
                    },
                    Meaning {
                        value: r#""24h""#,
                        text: "one day",
                    },
                ],
                ..BLANK
            },
            Field {
                name: "sensor",
                kind: Kind::Array,
                doc: "Only these sensors.",
                location: Location::Query,
                items: Some(
                    &Field {
                        kind: Kind::String,
                        ..BLANK
                    },
                ),
                ..BLANK
            },
            Field {
                name: "X-Panel-Domain",
                kind: Kind::String,
                doc: "The calling panel's domain.",
                location: Location::Header,
                ..BLANK
            },
        ],
        ..BLANK
    };

    /// Data of `station.metrics`.
    pub(crate) static STATION_METRICS_DATA: Field = Field {
        kind: Kind::Array,
        items: Some(
            &Field {
                kind: Kind::Object,
                fields: &READING_KEYS,
                ..BLANK
            },
        ),
        ..BLANK
    };

    /// Request of `station.latest`.
    pub(crate) static STATION_LATEST_REQUEST: Field = Field {
        kind: Kind::Object,
        fields: &[
            Field {
                name: "id",
                kind: Kind::Integer,
                doc: "Station.",
                location: Location::Path,
                required: true,
                min: Some(1.0),
                ..BLANK
            },
        ],
        ..BLANK
    };

    /// Data of `station.latest`.
    pub(crate) static STATION_LATEST_DATA: Field = Field {
        kind: Kind::Object,
        nullable: true,
        fields: &READING_KEYS,
        ..BLANK
    };

    /// Request of `station.watch`.
    pub(crate) static STATION_WATCH_REQUEST: Field = Field {
        kind: Kind::Object,
        fields: &[
            Field {
                name: "ids",
                kind: Kind::Array,
                doc: "Stations to watch.",
                required: true,
                min_items: Some(1),
                items: Some(
                    &Field {
                        kind: Kind::Integer,
                        min: Some(1.0),
                        ..BLANK
                    },
                ),
                ..BLANK
            },
        ],
        ..BLANK
    };

    /// Data of `station.watch`.
    pub(crate) static STATION_WATCH_DATA: Field = Field {
        kind: Kind::Array,
        items: Some(
            &Field {
                kind: Kind::Object,
                fields: &[
                    Field {
                        name: "id",
                        kind: Kind::Integer,
                        doc: "Station.",
                        ..BLANK
                    },
                    Field {
                        name: "reading",
                        kind: Kind::Object,
                        doc: "What it measured.",
                        fields: &READING_KEYS,
                        ..BLANK
                    },
                ],
                ..BLANK
            },
        ),
        ..BLANK
    };

    /// Request of `feed.report`.
    pub(crate) static FEED_REPORT_REQUEST: Field = Field {
        kind: Kind::Object,
        fields: &[
            Field {
                name: "user",
                kind: Kind::String,
                doc: "Account.",
                location: Location::Query,
                required: true,
                min_length: Some(1),
                ..BLANK
            },
            Field {
                name: "pwd",
                kind: Kind::String,
                doc: "Its password.",
                location: Location::Query,
                required: true,
                secret: true,
                min_length: Some(1),
                ..BLANK
            },
        ],
        ..BLANK
    };

    /// Data of `feed.report`.
    pub(crate) static FEED_REPORT_DATA: Field = Field {
        kind: Kind::String,
        doc: "The line.",
        free_text: true,
        ..BLANK
    };
}
