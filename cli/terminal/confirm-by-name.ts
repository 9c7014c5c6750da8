import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Command } from "commander";
import { CliError, EXIT } from "../exit-codes.ts";

export interface ConfirmOptions {
	yes?: boolean;
}

/** For commands that destroy data. */
export function yesOption(command: Command): Command {
	return command.option("-y, --yes", "skip the confirmation; for scripts");
}

interface Confirmation {
	name: string;
	/** What is about to be lost, in a sentence. */
	warning: string;
	/** The command that does it without asking. */
	scripted: string;
}

interface Terminal {
	input: Readable & { isTTY?: boolean };
	output: Writable & { isTTY?: boolean };
}

/**
 * Returns once the user has typed the name on the terminal or has given `--yes`; throws a CliError otherwise.
 */
export async function confirmByName(
	{ yes }: ConfirmOptions,
	{ name, warning, scripted }: Confirmation,
	{ input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
	if (yes === true) return;
	if (input.isTTY !== true || output.isTTY !== true) {
		throw new CliError(
			`${warning} Confirm it with --yes: there is no terminal to ask on.`,
			EXIT.invalidInput,
			[scripted],
		);
	}
	output.write(`${warning}\nType ${name} to confirm: `);
	const typed = await readLine(input);
	if (typed === null) output.write("\n");
	if (typed?.trim() === name) return;
	throw new CliError("The name doesn't match. Nothing was changed.", EXIT.invalidInput);
}

/**
 * Null if the input ends instead. The terminal itself edits the line, so Ctrl-C ends the command as usual.
 */
async function readLine(input: Readable): Promise<string | null> {
	const lines = createInterface({ input, terminal: false });
	try {
		for await (const line of lines) return line;
		return null;
	} finally {
		lines.close();
	}
}
