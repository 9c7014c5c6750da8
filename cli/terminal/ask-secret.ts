import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CliError } from "../exit-codes.ts";

/** Asks on the terminal, without echo. `otherWays` says how to give the secret where there is none. */
export async function askSecret(
	question: string,
	{ what, otherWays }: { what: string; otherWays: string },
): Promise<string> {
	if (!process.stdin.isTTY) {
		throw new CliError(`${what} is required, but there is no terminal to ask for it.`, undefined, [
			otherWays,
		]);
	}
	process.stderr.write(question);
	const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
	const terminal = createInterface({ input: process.stdin, output: silence, terminal: true });
	try {
		return await terminal.question("");
	} finally {
		terminal.close();
		process.stderr.write("\n");
	}
}
