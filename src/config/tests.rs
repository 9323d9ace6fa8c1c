use super::readers::{OPENAI_BASE_URL, OPENAI_MODEL};
use super::*;

fn read(changes: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let mut settings: BTreeMap<&str, &str> = [
        ("NETWORKS", "eip155:84532"),
        ("FACILITATOR_URL", "http://127.0.0.1:4020/"),
        ("RPC_URLS", r#"{"eip155:84532":"http://127.0.0.1:8545"}"#),
        ("PUBLIC_URL", "http://localhost:8787"),
        ("MASTER_KEY", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
    ]
    .into();
    settings.extend(changes.iter().copied());
    Config::read(|name| settings.get(name).map(|value| (*value).to_owned()))
}

#[test]
fn good_settings_are_read() {
    let config = read(&[("ALLOWED_ORIGINS", "https://page.example, http://localhost:5173/")]);
    let config = config.map_err(|errors| errors.to_string()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.facilitator, Facilitator::At("http://127.0.0.1:4020".to_owned()));
    let origins = ["https://page.example", "http://localhost:5173", "http://localhost:8787"];
    assert_eq!(config.allowed_origins, origins);
    assert_eq!(config.public_authority(), "localhost:8787");
    assert!(config.is_local());
}

#[test]
fn every_fault_is_named_at_once() {
    let Err(errors) =
        read(&[("NETWORKS", "eip155:1"), ("MASTER_KEY", "short"), ("PUBLIC_URL", "")])
    else {
        panic!("these settings are faulty");
    };
    let names: Vec<_> = errors.0.iter().filter_map(|e| e.split(' ').next()).collect();
    assert_eq!(names, ["NETWORKS", "PUBLIC_URL", "MASTER_KEY"]);
}

#[test]
fn our_own_facilitator_needs_a_key_and_its_api_tokens() {
    let faults = |changes: &[(&str, &str)]| read(changes).err().map(|errors| errors.0);
    let key =
        ("RELAYER_PRIVATE_KEY", "00000000000000000000000000000000000000000000000000000000000000a1");
    let own = ("FACILITATOR_URL", "self");
    let missing = "RELAYER_PRIVATE_KEY is missing; our own facilitator needs it as a secret";
    assert_eq!(faults(&[own]), Some(vec![missing.to_owned()]));
    assert_eq!(faults(&[("FACILITATOR_API", "open")]), Some(vec![missing.to_owned()]));
    assert_eq!(faults(&[own, key]), None);
    for (api, tokens, good) in [
        ("open", "", true),
        ("token", "0123456789abcdef", true),
        ("token", "short", false),
        ("on", "", false),
    ] {
        let settings = [own, key, ("FACILITATOR_API", api), ("FACILITATOR_TOKENS", tokens)];
        assert_eq!(faults(&settings).is_none(), good, "{api} {tokens}");
    }
    assert!(faults(&[("WALLET_FACTORIES", "0x12")]).is_some());
    assert!(faults(&[own, ("RELAYER_PRIVATE_KEY", "0x12")]).is_some());
}

#[test]
fn the_language_model_needs_a_key_and_nothing_else() {
    let llm = |changes: &[(&str, &str)]| read(changes).map(|config| config.llm);
    assert_eq!(llm(&[("OPENAI_MODEL", "m")]), Ok(None));
    let key = ("OPENAI_API_KEY", " sk-secret\n");
    let Ok(Some(settings)) = llm(&[key]) else { panic!("a key is enough") };
    assert_eq!(settings.base_url, OPENAI_BASE_URL);
    assert_eq!(settings.model, OPENAI_MODEL);
    assert!(!format!("{settings:?}").contains("sk-secret"));
    let own = [key, ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1/"), ("OPENAI_MODEL", "own")];
    let Ok(Some(settings)) = llm(&own) else { panic!("these settings are good") };
    let named = (settings.base_url.as_str(), settings.model.as_str());
    assert_eq!(named, ("http://127.0.0.1:1/v1", "own"));
    for (bad, name) in [
        (("OPENAI_API_KEY", "sk-secret more"), "OPENAI_API_KEY "),
        (("OPENAI_API_KEY", "sk-secret\u{e9}"), "OPENAI_API_KEY "),
        (("OPENAI_BASE_URL", "ftp://x"), "OPENAI_BASE_URL "),
    ] {
        let Err(errors) = llm(&[key, bad]) else { panic!("{bad:?} is faulty") };
        assert_eq!(errors.0.len(), 1);
        assert!(errors.0[0].starts_with(name) && !errors.0[0].contains("sk-secret"));
    }
}

#[test]
fn a_network_without_an_endpoint_is_a_fault() {
    let Err(errors) = read(&[("NETWORKS", "eip155:84532,eip155:8453")]) else {
        panic!("there is no endpoint for Base");
    };
    assert_eq!(errors.0, ["RPC_URLS has no endpoint for eip155:8453"]);
}

#[test]
fn mail_needs_a_sender_and_an_api_its_key() {
    let mail = |changes: &[(&str, &str)]| read(changes).map(|config| config.mail);
    assert_eq!(mail(&[]), Ok(None));
    let from = ("MAIL_FROM", "Events <events@example.org>");
    let Ok(Some(settings)) = mail(&[from]) else { panic!("the binding needs no more") };
    assert_eq!((settings.from.to_string().as_str(), settings.api), (from.1, None));
    let url = ("MAIL_API_URL", "https://api.resend.com/emails");
    let key = ("MAIL_API_KEY", " re_secret\n");
    let Ok(Some(settings)) = mail(&[from, url, key]) else { panic!("these settings are good") };
    assert!(settings.api.is_some() && !format!("{settings:?}").contains("re_secret"));
    for (settings, names) in [
        (vec![url, key], vec!["MAIL_FROM"]),
        (vec![url], vec!["MAIL_FROM", "MAIL_API_KEY"]),
        (vec![from, url], vec!["MAIL_API_KEY"]),
        (vec![from, key], vec!["MAIL_API_URL"]),
        (vec![("MAIL_FROM", "Events")], vec!["MAIL_FROM"]),
        (vec![from, ("MAIL_API_URL", "http://api.resend.com"), key], vec!["MAIL_API_URL"]),
        (vec![from, url, ("MAIL_API_KEY", "re secret")], vec!["MAIL_API_KEY"]),
        (vec![("MAIL_WEBHOOK_SECRET", "whsec_c2hvcnQ=")], vec!["MAIL_WEBHOOK_SECRET"]),
    ] {
        let Err(errors) = read(&settings) else { panic!("{settings:?} is faulty") };
        let named: Vec<_> = errors.0.iter().filter_map(|e| e.split(' ').next()).collect();
        assert_eq!(named, names, "{settings:?}");
        assert!(!errors.to_string().contains("secret\n"));
    }
}
