use super::*;
use crate::env::Env;
use crate::openclaw::discover::Paths;

fn of(text: &str) -> ModelSettings {
    settings(&Config::of_text(text, "c.json5").unwrap())
}

fn shown(said: Option<&Said>) -> Option<(&str, &str)> {
    said.map(|s| (s.text.as_str(), s.at.path.as_str()))
}

fn odd(settings: &ModelSettings) -> Vec<String> {
    let odd = settings.odd.iter();
    odd.map(|o| format!("{} is {}, not {}", o.at, o.found, o.expected))
        .collect()
}

type Pick = fn(&ModelSettings) -> Option<&ModelSpec>;

#[test]
fn a_model_is_a_text_or_an_object() {
    // value → form, primary, fallbacks, how many oddities
    type Case = (
        &'static str,
        Option<(Form, Option<&'static str>, Option<Vec<&'static str>>)>,
        usize,
    );
    let cases: &[Case] = &[
        ("'a/b'", Some((Form::Text, Some("a/b"), None)), 0),
        ("' a/b '", Some((Form::Text, Some(" a/b "), None)), 0),
        ("'  '", Some((Form::Text, None, None)), 0),
        ("null", None, 0),
        ("5", None, 1),
        ("true", None, 1),
        ("['a/b']", None, 1),
        ("{}", Some((Form::Object, None, None)), 0),
        (
            "{primary: 'a/b'}",
            Some((Form::Object, Some("a/b"), None)),
            0,
        ),
        ("{primary: 5}", Some((Form::Object, None, None)), 1),
        (
            "{primary: null, fallbacks: null}",
            Some((Form::Object, None, None)),
            0,
        ),
        (
            "{primary: ' ', fallbacks: []}",
            Some((Form::Object, None, Some(vec![]))),
            0,
        ),
        ("{fallbacks: 'c/d'}", Some((Form::Object, None, None)), 1),
        (
            "{fallbacks: ['c/d', 1, '', null, {}]}",
            Some((Form::Object, None, Some(vec!["c/d"]))),
            3,
        ),
    ];
    for (value, expected, oddities) in cases {
        let places: [(&str, Pick); 4] = [
            ("{agents: {defaults: {model: @}}}", |s| {
                s.defaults.model.as_ref()
            }),
            ("{agents: {defaults: {subagents: {model: @}}}}", |s| {
                s.defaults.subagents.as_ref()
            }),
            ("{agents: {list: [{id: 'x', model: @}]}}", |s| {
                s.agents[0].model.as_ref()
            }),
            ("{agents: {entries: {x: {subagents: {model: @}}}}}", |s| {
                s.agents[0].subagents.as_ref()
            }),
        ];
        for (place, pick) in places {
            let found = of(&place.replace('@', value));
            let spec = pick(&found).map(|spec| {
                let fallbacks = spec.fallbacks.as_ref();
                (
                    spec.form,
                    spec.primary.as_ref().map(|p| p.text.as_str()),
                    fallbacks.map(|f| f.iter().map(|s| s.text.as_str()).collect()),
                )
            });
            assert_eq!(&spec, expected, "{place} {value}");
            assert_eq!(
                found.odd.len(),
                *oddities,
                "{place} {value}: {:?}",
                odd(&found)
            );
        }
    }
}

#[test]
fn every_value_knows_its_key_path() {
    let found = of(
        "{
        meta: {migrations: {modelPolicyAllowlist: '2026-08-01'}},
        session: {mainKey: ' work ', store: '~/s/{agentId}.json'},
        hooks: {gmail: {model: 'g/m'}},
        agents: {
          defaults: {
            model: {primary: 'a/p', fallbacks: ['a/f']}, heartbeat: {model: 'a/h'},
            models: {'a/p': {alias: ' big '}, plain: {}, 'z/z': null},
            modelPolicy: {allow: ['a/*', 'a/p']}, systemAgent: {agentId: 'ops'},
          },
          entries: {
            main: {default: true},
            'my-ops': {model: 'b/m', subagents: {model: {primary: 'b/s'}}, models: {'b/m': {alias: 'x'}}, modelPolicy: {allow: []}},
          },
        },
        models: {providers: {
          'zz-last': {api: 'openai-completions', baseUrl: 'https://u:p@h:1/v1?k=s', apiKey: 'sk-secret', models: [{id: 'm1'}, {id: ' m2 '}]},
          aa: {},
        }},
      }",
    );
    assert_eq!(odd(&found), [""; 0]);
    let d = &found.defaults;
    let model = d.model.as_ref().unwrap();
    assert_eq!(model.at.to_string(), "c.json5: agents.defaults.model");
    assert_eq!(
        shown(model.primary.as_ref()),
        Some(("a/p", "agents.defaults.model.primary"))
    );
    let fallback = &model.fallbacks.as_ref().unwrap()[0];
    assert_eq!(fallback.at.path, "agents.defaults.model.fallbacks[0]");
    assert_eq!(
        shown(d.heartbeat.as_ref()),
        Some(("a/h", "agents.defaults.heartbeat.model"))
    );
    let catalog: Vec<_> = d.catalog.as_ref().unwrap().iter().collect();
    let keys: Vec<_> = catalog
        .iter()
        .map(|e| (e.key.as_str(), e.alias.as_deref()))
        .collect();
    assert_eq!(keys, [("a/p", Some("big")), ("plain", None), ("z/z", None)]);
    assert_eq!(catalog[0].at.path, r#"agents.defaults.models["a/p"]"#);
    assert_eq!(catalog[1].at.path, "agents.defaults.models.plain");
    let allow = d.allow.as_ref().unwrap();
    assert_eq!(
        shown(allow.get(1)),
        Some(("a/p", "agents.defaults.modelPolicy.allow[1]"))
    );
    assert_eq!(found.roster, Roster::Entries);
    let [main, ops] = &found.agents[..] else {
        panic!("{:?}", found.agents)
    };
    assert_eq!((main.id.as_str(), main.is_default), ("main", true));
    assert_eq!(
        (main.path.as_str(), main.allow.as_ref()),
        ("agents.entries.main", None)
    );
    assert_eq!(main.catalog, None);
    assert_eq!((ops.id.as_str(), ops.is_default), ("my-ops", false));
    assert_eq!(ops.path, r#"agents.entries["my-ops"]"#);
    assert_eq!(ops.file.as_deref(), Some("c.json5"));
    assert_eq!(ops.allow, Some(Vec::new()));
    let sub = ops.subagents.as_ref().unwrap();
    let at = r#"agents.entries["my-ops"].subagents.model.primary"#;
    assert_eq!(shown(sub.primary.as_ref()), Some(("b/s", at)));
    assert_eq!(
        shown(found.gmail.as_ref()),
        Some(("g/m", "hooks.gmail.model"))
    );
    let system = Some(("ops", "agents.defaults.systemAgent.agentId"));
    assert_eq!(shown(found.system_agent.as_ref()), system);
    assert!(found.policy_migrated);
    assert_eq!(found.main_key.as_deref(), Some("work"));
    let store = Some(("~/s/{agentId}.json", "session.store"));
    assert_eq!(shown(found.session_store.as_ref()), store);
    let [last, aa] = &found.providers[..] else {
        panic!("{:?}", found.providers)
    };
    assert_eq!(
        (last.id.as_str(), aa.id.as_str()),
        ("zz-last", "aa"),
        "the file's order"
    );
    assert_eq!(last.models, ["m1", "m2"]);
    assert_eq!(last.base.as_deref(), Some("https://h:1"));
    assert_eq!(last.api.as_deref(), Some("openai-completions"));
    assert_eq!(last.at.path, r#"models.providers["zz-last"]"#);
    assert!(!format!("{found:?}").contains("sk-secret"));
}

#[test]
fn values_of_wrong_types_are_named_by_type_and_place() {
    for (text, expected) in [
        ("{agents: 5}", "agents is a number, not an object"),
        (
            "{agents: {defaults: []}}",
            "agents.defaults is an array, not an object",
        ),
        (
            "{agents: {list: {}}}",
            "agents.list is an object, not an array of agents",
        ),
        (
            "{agents: {list: ['sk']}}",
            "agents.list[0] is a text, not an object",
        ),
        (
            "{agents: {list: [{id: 5}]}}",
            "agents.list[0].id is a number, not an agent's id (text)",
        ),
        (
            "{agents: {list: [{}]}}",
            "agents.list[0].id is nothing, not an agent's id (text)",
        ),
        (
            "{agents: {list: [{id: 'a', default: 'sk'}]}}",
            "agents.list[0].default is a text, not true or false",
        ),
        (
            "{agents: {entries: []}}",
            "agents.entries is an array, not an object",
        ),
        (
            "{agents: {entries: {a: true}}}",
            "agents.entries.a is a boolean, not an object",
        ),
        (
            "{agents: {defaults: {models: 'sk'}}}",
            "agents.defaults.models is a text, not an object",
        ),
        (
            "{agents: {defaults: {models: {m: {alias: 3}}}}}",
            "agents.defaults.models.m.alias is a number, not an alias (text)",
        ),
        (
            "{agents: {defaults: {modelPolicy: {allow: 'sk'}}}}",
            "agents.defaults.modelPolicy.allow is a text, not an array of models",
        ),
        (
            "{agents: {defaults: {subagents: 'sk'}}}",
            "agents.defaults.subagents is a text, not an object",
        ),
        (
            "{agents: {defaults: {heartbeat: {model: {}}}}}",
            "agents.defaults.heartbeat.model is an object, not a model such as \"openai/gpt-5.4\" (text)",
        ),
        (
            "{models: {providers: {p: {models: ['sk']}}}}",
            "models.providers.p.models[0] is a text, not an object",
        ),
        (
            "{models: {providers: {p: {models: [{id: 7}]}}}}",
            "models.providers.p.models[0] is an object whose id is a number, not a model's id (text)",
        ),
        (
            "{models: {providers: {p: {models: [{}]}}}}",
            "models.providers.p.models[0] is an object without an id, not a model's id (text)",
        ),
        (
            "{models: {providers: {p: {baseUrl: 1}}}}",
            "models.providers.p.baseUrl is a number, not a URL (text)",
        ),
        (
            "{models: {providers: []}}",
            "models.providers is an array, not an object",
        ),
        (
            "{hooks: {gmail: {model: ['sk']}}}",
            "hooks.gmail.model is an array, not a model such as \"openai/gpt-5.4\" (text)",
        ),
        (
            "{session: {store: 5}}",
            "session.store is a number, not a path such as \"~/{agentId}.json\"",
        ),
        (
            "{session: {mainKey: {}}}",
            "session.mainKey is an object, not a session key (text)",
        ),
    ] {
        assert_eq!(odd(&of(text)), [format!("c.json5: {expected}")], "{text}");
    }
}

#[test]
fn entries_win_over_a_list_and_that_is_said() {
    let found = of("{agents: {list: [{id: 'a'}], entries: {b: {}}}}");
    assert_eq!(found.roster, Roster::Entries);
    assert_eq!(found.agents.len(), 1);
    assert_eq!(found.agents[0].id, "b");
    assert_eq!(odd(&found).len(), 1);
    assert!(odd(&found)[0].starts_with("c.json5: agents.list is a second roster"));
    let found = of("{agents: {list: [{id: 'a'}], entries: null}}");
    assert_eq!((found.roster, found.odd.len()), (Roster::List, 0));
    assert_eq!(of("{agents: {}}").roster, Roster::None);
    assert_eq!(of("{agents: {list: []}}").roster, Roster::List);
    assert!(!of("{meta: {migrations: {modelPolicyAllowlist: false}}}").policy_migrated);
}

#[test]
fn values_of_included_files_name_their_file() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write(
        "openclaw.json",
        "{agents: {defaults: {$include: 'd.json', model: {fallbacks: ['x/main']}}, list: {$include: ['l1.json', 'l2.json']}}}",
    );
    write("d.json", "{model: {primary: 'x/p', fallbacks: ['x/inc']}}");
    write("l1.json", "[{id: 'main'}]");
    write("l2.json", "[{id: 'ops', model: 5}]");
    let paths = Paths {
        home: None,
        state_dir: dir.path().to_owned(),
        config: dir.path().join("openclaw.json"),
        origin: "test",
    };
    let config = Config::load(&paths, &Env::default(), dir.path());
    let found = settings(&config.unwrap().unwrap());
    assert_eq!(found.agents.len(), 2);
    let name = |at: &At| {
        let file = at.file.rsplit('/').next().unwrap();
        format!("{file}: {}", at.path)
    };
    let model = found.defaults.model.as_ref().unwrap();
    assert_eq!(
        name(&model.primary.as_ref().unwrap().at),
        "d.json: agents.defaults.model.primary"
    );
    let fallbacks: Vec<_> = model
        .fallbacks
        .iter()
        .flatten()
        .map(|f| name(&f.at))
        .collect();
    assert_eq!(
        fallbacks,
        [
            "d.json: agents.defaults.model.fallbacks[0]",
            "openclaw.json: agents.defaults.model.fallbacks[1]"
        ]
    );
    assert!(found.agents[1].file.as_ref().unwrap().ends_with("l2.json"));
    assert_eq!(name(&found.odd[0].at), "l2.json: agents.list[1].model");
}
