//! What a call must show before it runs, by its danger. The operator can demand more than is usual, never less.

use std::fmt;

use flvx_panel::spec::Danger;

/// What must be shown. Each demand includes those before it, except that the operator's word opens all but `Off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Demand {
    /// Nothing.
    Nothing,
    /// The token of a preview of exactly this call.
    Preview,
    /// And a person's approval.
    Human,
    /// The operator's word itself.
    Word,
    /// It never runs.
    Off,
}

impl Demand {
    /// The word for it in `MCP_CONFIRM_POLICY` and in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Preview => "preview",
            Self::Human => "human",
            Self::Word => "word",
            Self::Off => "off",
        }
    }
}

/// What each danger demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demands {
    write: Demand,
    dangerous: Demand,
    critical: Demand,
}

impl Default for Demands {
    fn default() -> Self {
        Self { write: Demand::Nothing, dangerous: Demand::Preview, critical: Demand::Human }
    }
}

impl Demands {
    /// Reads `dangerous=human,write=preview`; what is not named stays as usual.
    ///
    /// # Errors
    /// A word that is none, or a demand that is lower than usual.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut demands = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((danger, demand)) = part.split_once('=').map(|(danger, demand)| (danger.trim(), demand.trim()))
            else {
                return Err(format!("`{part}` is not of the form danger=demand, as in dangerous=human"));
            };
            let all = [Demand::Nothing, Demand::Preview, Demand::Human, Demand::Word, Demand::Off];
            let Some(demand) = all.into_iter().find(|known| known.word() == demand) else {
                return Err(format!("`{demand}` is no demand; known are preview, human, word and off"));
            };
            let place = match danger {
                "write" => &mut demands.write,
                "dangerous" => &mut demands.dangerous,
                "critical" => &mut demands.critical,
                _ => {
                    return Err(format!(
                        "`{danger}` is no danger that can be raised; known are write, dangerous and critical"
                    ));
                }
            };
            if demand < *place {
                return Err(format!(
                    "{danger}={} would demand less than usual ({}); demands can only be raised",
                    demand.word(),
                    place.word()
                ));
            }
            *place = demand;
        }
        if demands.write > demands.dangerous || demands.dangerous > demands.critical {
            return Err("a higher danger must not demand less than a lower one; raise it as well".to_owned());
        }
        Ok(demands)
    }

    /// What a call of this danger demands.
    pub fn of(&self, danger: Danger) -> Demand {
        match danger {
            Danger::Read | Danger::Sensitive => Demand::Nothing,
            Danger::Write => self.write,
            Danger::Dangerous => self.dangerous,
            Danger::Critical => self.critical,
        }
    }
}

impl fmt::Display for Demands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (write, dangerous, critical) = (self.write.word(), self.dangerous.word(), self.critical.word());
        write!(f, "write={write},dangerous={dangerous},critical={critical}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn demands_can_be_raised() {
        let demands = Demands::read(" dangerous = human , critical=word").unwrap();
        assert_eq!(demands.to_string(), "write=nothing,dangerous=human,critical=word");
        assert_eq!(demands.of(Danger::Dangerous), Demand::Human);
        assert_eq!(demands.of(Danger::Sensitive), Demand::Nothing);
        assert_eq!(Demands::read("").unwrap(), Demands::default());
    }

    #[test]
    fn demands_cannot_be_lowered_or_misspelt() {
        for (text, words) in [
            ("critical=preview", "would demand less than usual (human)"),
            ("dangerous=nothing", "would demand less than usual (preview)"),
            ("write=human", "a higher danger must not demand less"),
            ("dangerous=humans", "`humans` is no demand"),
            ("read=human", "`read` is no danger that can be raised"),
            ("dangerous", "is not of the form"),
        ] {
            let error = Demands::read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
