#!/usr/bin/env node
/** `larder`: runs the built command line, or says how to build it. */
import { existsSync } from "node:fs";

const program = new URL("../dist/cli.mjs", import.meta.url);
if (!existsSync(program)) {
	console.error(
		"Larder isn't built yet. Run `npm start`, or `npm run build` to build without starting.",
	);
	process.exit(1);
}
await import(program.href);
