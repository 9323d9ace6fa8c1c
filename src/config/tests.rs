use super::readers::{OPENAI_BASE_URL, OPENAI_MODEL};
use super::*;
use crate::facilitator::credentials::Credentials;

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
    let remote = Remote { base_url: "http://127.0.0.1:4020".to_owned(), credentials: None };
    assert_eq!(config.facilitator, Facilitator::At(remote));
    let origins = ["https://page.example", "http://localhost:5173", "http://localhost:8787"];
    assert_eq!(config.allowed_origins, origins);
    assert_eq!(config.public_authority(), "localhost:8787");
    assert_eq!(config.public_host(), "localhost");
    assert!(config.is_local());
}

#[test]
fn an_address_without_an_origin_is_not_let_in_as_null() {
    for address in ["foo://bar", "data:,x", "file:///x", "mailto:a@b.c", "page.example"] {
        let faults = read(&[("ALLOWED_ORIGINS", address)]).err().map(|errors| errors.0);
        let faults = faults.unwrap_or_default();
        let is_named = faults.iter().any(|fault| fault.contains("is not an origin"));
        assert!(is_named, "{address}: {faults:?}");
    }
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
fn a_rotation_needs_both_keys_and_those_that_outlive_them() {
    const FIRST: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    // As `npm run secrets -- --rotate` makes it for FIRST.
    const IDENTITY: &str = "ik1.7dc3a60cc82c7ca6ddccea120078bab82ec835fa9114306d2ac3c488a3d723341455d0016505a3ba199ffbfbbac7a7fc6cbcc670e08bb0de7e5d00e2c6c2067a.bac5cf53";
    let second = "2".repeat(64);
    let damaged = IDENTITY.replace("7dc3", "7dc4");
    let (identity, previous) = (("IDENTITY_KEYS", IDENTITY), ("MASTER_KEY_PREVIOUS", FIRST));
    let master = ("MASTER_KEY", second.as_str());
    for good in [vec![], vec![identity], vec![master, identity], vec![master, identity, previous]] {
        assert!(read(&good).is_ok(), "{good:?}");
    }
    for (bad, text) in [
        (vec![master, previous], "IDENTITY_KEYS is missing beside MASTER_KEY_PREVIOUS"),
        (vec![identity, previous], "MASTER_KEY_PREVIOUS is the same key as MASTER_KEY"),
        (vec![("IDENTITY_KEYS", damaged.as_str())], "IDENTITY_KEYS is damaged"),
        (vec![identity, ("MASTER_KEY_PREVIOUS", "short")], "MASTER_KEY_PREVIOUS is not 32 bytes"),
    ] {
        let faults = read(&bad).err().map(|errors| errors.0).unwrap_or_default();
        assert!(matches!(&faults[..], [one] if one.starts_with(text)), "{text}: {faults:?}");
        assert!(!faults[0].contains("7dc"), "no key is repeated: {faults:?}");
    }
    let missing = read(&[master, previous]).err().map(|errors| errors.to_string());
    assert!(missing.is_some_and(|text| text.contains("npm run secrets -- --rotate")));
    let keys = read(&[master, identity, previous]).map(|config| config.keys);
    let keys = keys.unwrap_or_else(|errors| panic!("{errors}"));
    assert!(keys.previous_key_id().is_some_and(|previous| previous != keys.key_id()));
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
    let Err(errors) = read(&[("NETWORKS", "eip155:84532,eip155:80002")]) else {
        panic!("there is no endpoint for Amoy");
    };
    assert_eq!(errors.0, ["RPC_URLS has no endpoint for eip155:80002"]);
}

#[test]
fn solana_needs_an_endpoint_to_be_on_offer() {
    let named = ("SOLANA_FACILITATOR_URL", "https://solana.example");
    let both = r#"{"eip155:84532":"http://127.0.0.1:8545","solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1":"http://127.0.0.1:8899"}"#;
    let other = r#"{"eip155:84532":"http://127.0.0.1:8545","solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp":"https://main.example"}"#;
    for (settings, is_on_offer) in [
        (vec![], false),
        (vec![("RPC_URLS", other)], false),
        (vec![("RPC_URLS", both)], true),
        (vec![named, ("RPC_URLS", both)], true),
    ] {
        let config = read(&settings).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(config.solana_on_offer().is_some(), is_on_offer, "{settings:?}");
        assert!(config.solana.is_some(), "what was taken before is settled still");
    }
    for half in [vec![named], vec![named, ("RPC_URLS", other)]] {
        let faults = read(&half).err().map(|errors| errors.0).unwrap_or_default();
        assert!(
            matches!(&faults[..], [one] if one.starts_with("RPC_URLS has no endpoint for solana:EtWT") && one.contains("SOLANA_FACILITATOR_URL")),
            "{faults:?}"
        );
    }
    for worse in [("RPC_URLS", "{"), ("NETWORKS", "eip155:1")] {
        let faults = read(&[named, worse]).err().map(|errors| errors.0).unwrap_or_default();
        assert!(matches!(&faults[..], [one] if one.starts_with(worse.0)), "{faults:?}");
    }
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

/// Settings with which a deployment may take real money.
const PRODUCTION: [(&str, &str); 5] = [
    ("NETWORKS", "eip155:8453"),
    ("FACILITATOR_URL", "https://facilitator.example"),
    ("RPC_URLS", r#"{"eip155:8453":"https://base.example/v2/secret-access"}"#),
    ("PUBLIC_URL", "https://events.example"),
    ("MASTER_KEY", "5c1f0e9b7a2d4836f1c08e67b95a3d24e8f7016b9c3da5524f7e80b1d6c93a2e"),
];

fn production(changes: &[(&str, &str)]) -> Vec<String> {
    let mut settings = PRODUCTION.to_vec();
    settings.extend(changes);
    read(&settings).err().map(|errors| errors.0).unwrap_or_default()
}

/// The settings that the faults begin with.
fn named(faults: &[String]) -> Vec<&str> {
    faults.iter().filter_map(|fault| fault.split(' ').next()).collect()
}

#[test]
fn settings_for_real_money_are_read() {
    assert_eq!(production(&[]), Vec::<String>::new());
    let own = [
        ("FACILITATOR_URL", "self"),
        (
            "RELAYER_PRIVATE_KEY",
            "0x9d41c7b3f8e26a05714fd9c2836be01a5f7c94e8d0b3261ac7f5e89b402d6a13",
        ),
    ];
    assert_eq!(production(&own), Vec::<String>::new());
    let config = read(&PRODUCTION).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(!config.is_local() && !config.is_at_loopback());
}

#[test]
fn production_with_the_settings_of_a_test_names_all_faults_at_once() {
    let faults = production(&[
        ("NETWORKS", "eip155:84532,eip155:8453"),
        (
            "RPC_URLS",
            r#"{"eip155:84532":"http://127.0.0.1:8545","eip155:8453":"http://127.0.0.1:1/key"}"#,
        ),
        ("FACILITATOR_URL", "http://127.0.0.1:4020"),
        ("FACILITATOR_API", "open"),
        ("PUBLIC_URL", "http://localhost:8787"),
        ("MASTER_KEY", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
        ("RELAYER_PRIVATE_KEY", "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
        ("CROSSMINT_URL", "http://127.0.0.1:9"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
    ]);
    let expected = [
        "NETWORKS",
        "PUBLIC_URL",
        "RPC_URLS",
        "RPC_URLS",
        "FACILITATOR_URL",
        "CROSSMINT_URL",
        "OPENAI_BASE_URL",
        "MASTER_KEY",
        "RELAYER_PRIVATE_KEY",
    ];
    assert_eq!(named(&faults), expected, "{faults:#?}");
    let all = faults.join(" ");
    assert!(all.contains("eip155:84532") && all.contains("eip155:8453"));
    for secret in ["0011223344", "ac0974", "127.0.0.1"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn one_faulty_setting_makes_one_fault() {
    let cases = [
        ("PUBLIC_URL", "http://events.example"),
        ("PUBLIC_URL", "https://localhost"),
        ("PUBLIC_URL", "https://127.0.0.2"),
        ("RPC_URLS", r#"{"eip155:8453":"http://base.example"}"#),
        ("RPC_URLS", r#"{"eip155:8453":"https://[::1]:8545"}"#),
        ("FACILITATOR_URL", "http://facilitator.example"),
        ("FACILITATOR_URL", "https://127.1:4020"),
        ("FACILITATOR_URL", "https://0x7f000001"),
        ("FACILITATOR_URL", "https://[::ffff:127.0.0.1]"),
        ("FACILITATOR_URL", "https://a.localhost."),
        ("FACILITATOR_URL", "https://0.0.0.0"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1"),
        ("MASTER_KEY", "1111111111111111111111111111111111111111111111111111111111111111"),
        ("MASTER_KEY", ANVIL[2]),
    ];
    for case in cases {
        let faults = production(&[case]);
        assert_eq!(named(&faults), [case.0], "{case:?} {faults:?}");
        assert!(!faults.join(" ").contains(case.1), "{case:?}");
    }
    let crossmint =
        [("CROSSMINT_URL", "http://localhost:1"), ("CROSSMINT_API_KEY", "sk_production_x")];
    assert_eq!(named(&production(&crossmint)), ["CROSSMINT_URL"]);
}

#[test]
fn http_is_for_ones_own_machine_only() {
    let away = [("PUBLIC_URL", "http://events.example"), PRODUCTION[4]];
    let Err(errors) = read(&away) else { panic!("http is not for others") };
    assert_eq!(named(&errors.0), ["PUBLIC_URL"]);
    for address in
        ["https://events.example", "http://localhost:8787", "http://127.0.0.1:1", "http://[::1]:1"]
    {
        assert!(read(&[("PUBLIC_URL", address), PRODUCTION[4]]).is_ok(), "{address}");
    }
}

#[test]
fn what_a_deployment_kept_of_what_is_not_read_is_named_with_the_rest() {
    let faults = production(&[
        ("NETWORKS", "eip155:1"),
        ("RPC_URLS", "{"),
        ("PUBLIC_URL", "http://events.example"),
        ("MASTER_KEY", "abababababababababababababababababababababababababababababababab"),
    ]);
    assert_eq!(named(&faults), ["NETWORKS", "RPC_URLS", "PUBLIC_URL", "MASTER_KEY"]);
}

/// The private keys of the accounts 0 to 9 of anvil and Hardhat.
const ANVIL: [&str; 10] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

#[test]
fn a_key_that_everybody_knows_pays_for_no_gas_that_is_worth_something() {
    let sepolia = ("RPC_URLS", r#"{"eip155:84532":"https://sepolia.example"}"#);
    let mut keys: Vec<String> = ANVIL.map(str::to_owned).to_vec();
    keys.extend((1..=20).map(|number| format!("{number:064x}")));
    keys.extend(["cd".repeat(32), format!("0x{}", ANVIL[0]), ANVIL[1].to_uppercase()]);
    for key in keys {
        let own = [("FACILITATOR_URL", "self"), ("RELAYER_PRIVATE_KEY", key.as_str())];
        assert_eq!(named(&production(&own)), ["RELAYER_PRIVATE_KEY"], "{key}");
        // A deployment on a local machine may still spend coins of a remote chain.
        let elsewhere = read(&[own[0], own[1], sepolia, PRODUCTION[4]]);
        let Err(errors) = elsewhere else { panic!("{key} is known") };
        assert_eq!(named(&errors.0), ["RELAYER_PRIVATE_KEY"], "{key}");
        assert!(read(&own).is_ok(), "on a chain of this machine all keys are worth the same");
    }
}

#[test]
fn only_a_chain_of_this_machine_makes_it_local() {
    let is_local = |changes: &[(&str, &str)]| {
        let mut settings = vec![PRODUCTION[4]];
        settings.extend(changes);
        read(&settings).unwrap_or_else(|errors| panic!("{errors}")).is_local()
    };
    assert!(is_local(&[]));
    for url in ["http://localhost:1", "http://127.0.0.2:1", "http://[::1]:1", "http://a.localhost"]
    {
        let urls = format!(r#"{{"eip155:84532":"{url}"}}"#);
        assert!(is_local(&[("RPC_URLS", &urls)]), "{url}");
    }
    for url in ["https://sepolia.example", "http://10.0.0.1:8545", "http://localhost.example"] {
        let urls = format!(r#"{{"eip155:84532":"{url}"}}"#);
        assert!(!is_local(&[("RPC_URLS", &urls)]), "{url}");
    }
    assert!(!is_local(&[("PUBLIC_URL", "https://events.example")]));
    let two = r#"{"eip155:84532":"http://127.0.0.1:1","eip155:80002":"https://amoy.example"}"#;
    let networks = ("NETWORKS", "eip155:84532,eip155:80002");
    assert!(!is_local(&[networks, ("RPC_URLS", two)]), "one of the chains is elsewhere");
}

fn read_only(settings: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let get = |name: &str| settings.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
    Config::read(get).map_err(|errors| errors.0)
}

fn set_of<'a>(set: &'a str, more: &[(&'a str, &'a str)]) -> Result<Config, Vec<String>> {
    let mut settings = more.to_vec();
    settings.extend([("NETWORK_SET", set), PRODUCTION[4]]);
    read_only(&settings)
}

/// Made for these tests.
const CDP: [(&str, &str); 2] = [
    ("CDP_API_KEY_ID", "0c7c1a2b-key"),
    ("CDP_API_KEY_SECRET", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="),
];
const RELAYER: (&str, &str) =
    ("RELAYER_PRIVATE_KEY", "0x9d41c7b3f8e26a05714fd9c2836be01a5f7c94e8d0b3261ac7f5e89b402d6a13");
const PUBLIC: (&str, &str) = ("PUBLIC_URL", "https://events.example");

#[test]
fn one_setting_chooses_networks_endpoints_and_facilitator() {
    let test = set_of("test", &[PUBLIC]).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(test.networks[0].caip2, "eip155:84532");
    assert_eq!(test.rpc_urls["eip155:84532"], "https://sepolia.base.org");
    let Facilitator::At(remote) = &test.facilitator else { panic!("it is somebody else's") };
    assert_eq!(remote.base_url, "https://www.x402.org/facilitator");
    assert!(!test.is_local());

    let main = set_of("main", &[PUBLIC, CDP[0], CDP[1]]).unwrap_or_else(|it| panic!("{it:?}"));
    assert_eq!((main.networks.len(), main.networks[0].caip2), (1, "eip155:8453"));
    assert_eq!(main.networks[0].explorer, "https://basescan.org");
    assert_eq!(main.rpc_urls["eip155:8453"], "https://mainnet.base.org");
    let Facilitator::At(remote) = &main.facilitator else { panic!("it is somebody else's") };
    assert_eq!(remote.base_url, "https://api.cdp.coinbase.com/platform/v2/x402");
    assert!(!format!("{remote:?}").contains("BwcH"));

    let local = set_of("local", &[RELAYER]).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert!(local.is_local() && matches!(local.facilitator, Facilitator::Own(_)));
    assert_eq!(local.public_url, "http://localhost:8787");
}

#[test]
fn what_a_set_chooses_can_be_overridden() {
    let urls = r#"{"eip155:8453":"https://base.example","eip155:137":"https://polygon.example"}"#;
    let own = [
        PUBLIC,
        RELAYER,
        ("FACILITATOR_URL", "self"),
        ("NETWORKS", "eip155:8453,eip155:137"),
        ("RPC_URLS", urls),
    ];
    let config = set_of("main", &own).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(config.networks.len(), 2);
    assert_eq!(config.rpc_urls["eip155:8453"], "https://base.example");
    assert!(matches!(config.facilitator, Facilitator::Own(_)));
    let header = [
        PUBLIC,
        ("FACILITATOR_URL", "https://facilitator.example/"),
        ("FACILITATOR_AUTHORIZATION", "Bearer secret-1"),
    ];
    let config = set_of("main", &header).unwrap_or_else(|faults| panic!("{faults:?}"));
    let Facilitator::At(remote) = &config.facilitator else { panic!("it is somebody else's") };
    assert_eq!(remote.base_url, "https://facilitator.example");
    assert!(matches!(remote.credentials, Some(Credentials::Header(_))));
}

#[test]
fn what_does_not_go_together_is_one_sentence_that_names_the_settings() {
    let sepolia = ("NETWORKS", "eip155:84532");
    let sepolia_url = ("RPC_URLS", r#"{"eip155:84532":"https://sepolia.example"}"#);
    let base = ("NETWORKS", "eip155:8453");
    let base_url = ("RPC_URLS", r#"{"eip155:8453":"https://base.example"}"#);
    let x402_org = ("FACILITATOR_URL", "https://www.x402.org/facilitator");
    let elsewhere = ("FACILITATOR_URL", "https://facilitator.example");
    let cdp = |more: &[(&'static str, &'static str)]| [&[PUBLIC, CDP[0], CDP[1]], more].concat();
    let cases: [(&str, Vec<_>, &[&str]); 11] = [
        (
            "main",
            cdp(&[sepolia, sepolia_url]),
            &["NETWORKS", "NETWORK_SET is main", "eip155:84532"],
        ),
        (
            "test",
            vec![PUBLIC, base, base_url, elsewhere],
            &["NETWORKS", "NETWORK_SET is test", "eip155:8453"],
        ),
        ("main", cdp(&[x402_org]), &["FACILITATOR_URL", "www.x402.org", "NETWORKS", "NETWORK_SET"]),
        ("main", vec![PUBLIC], &["CDP_API_KEY_ID", "CDP_API_KEY_SECRET", "FACILITATOR_URL"]),
        ("main", vec![PUBLIC, CDP[0]], &["CDP_API_KEY_SECRET is missing"]),
        (
            "main",
            cdp(&[("FACILITATOR_AUTHORIZATION", "Bearer x")]),
            &["FACILITATOR_AUTHORIZATION", "CDP_API_KEY_ID"],
        ),
        ("local", vec![RELAYER, sepolia_url], &["RPC_URLS", "NETWORK_SET is local"]),
        ("local", vec![RELAYER, PUBLIC], &["PUBLIC_URL", "NETWORK_SET is local"]),
        ("mainnet", vec![PUBLIC], &["NETWORK_SET must be test, main or local"]),
        ("test", vec![], &["PUBLIC_URL is missing", "npm run deploy"]),
        (
            "test",
            vec![PUBLIC, ("FACILITATOR_URL", "http://f.example"), CDP[0], CDP[1]],
            &["FACILITATOR_URL", "https://"],
        ),
    ];
    for (set, settings, named) in cases {
        let Err(faults) = set_of(set, &settings) else { panic!("{set} {settings:?} is faulty") };
        for name in named {
            assert!(faults[0].contains(name), "{name}: {faults:#?}");
        }
        // A key that is half there is missing as a whole too.
        assert!(faults.len() == 1 || settings == [PUBLIC, CDP[0]], "{faults:#?}");
        let all = faults.join(" ");
        assert!(!all.contains("BwcH") && !all.contains("9d41c7b3"), "{all}");
    }
}

#[test]
fn both_kinds_of_networks_are_one_fault() {
    let urls = r#"{"eip155:84532":"https://a.example","eip155:8453":"https://b.example"}"#;
    let both =
        [PUBLIC, CDP[0], CDP[1], ("NETWORKS", "eip155:84532,eip155:8453"), ("RPC_URLS", urls)];
    for set in ["test", "main"] {
        let Err(faults) = set_of(set, &both) else { panic!("test and main do not mix") };
        assert_eq!(
            (faults.len(), named(&faults)[0]),
            (if set == "test" { 2 } else { 1 }, "NETWORKS"),
            "{faults:?}"
        );
    }
}

#[test]
fn an_empty_deployment_is_told_its_three_settings() {
    let Err(faults) = read_only(&[]) else { panic!("nothing is set") };
    assert_eq!(named(&faults), ["NETWORK_SET", "PUBLIC_URL", "MASTER_KEY"], "{faults:#?}");
    for fault in &faults[1..] {
        assert!(fault.contains("`npm run "), "{fault}");
    }
}
