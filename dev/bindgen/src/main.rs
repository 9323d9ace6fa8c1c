//! `bindgen <input.wasm> <output directory>`: makes the Worker's module (`index.js` and
//! `index_bg.wasm`) of what cargo built, with the options that `worker-build` gives `wasm-bindgen`.

use std::env;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let (Some(input), Some(output), None) = (args.next(), args.next(), args.next()) else {
        eprintln!("usage: bindgen <input.wasm> <output directory>");
        return ExitCode::FAILURE;
    };
    // Names cost a third of the size; KEEP_NAMES=1 keeps them for profiles and stack traces.
    let keep_names = env::var_os("KEEP_NAMES").is_some_and(|value| value == "1");

    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(input)
        .out_name("index")
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .remove_name_section(!keep_names);
    match bindgen.module(true).and_then(|bindgen| bindgen.generate(output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {error:?}");
            ExitCode::FAILURE
        }
    }
}
