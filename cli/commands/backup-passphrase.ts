import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { CliError, EXIT } from "../exit-codes.ts";
import { askSecret } from "../terminal/ask-secret.ts";

/** A backup is made to be copied elsewhere, where an attacker may guess for as long as they like. */
const LENGTH_MIN = 12;

export interface PassphraseOptions {
	passphraseFile?: string;
}

export function withPassphraseOptions(command: Command): Command {
	return command.option(
		"--passphrase-file <file>",
		"file that holds the passphrase (default: LARDER_BACKUP_PASSPHRASE, or a prompt)",
	);
}

/** For a new backup. The user types it twice; a short one is refused. */
export async function choosePassphrase(options: PassphraseOptions): Promise<string> {
	const given = await givenPassphrase(options);
	const passphrase = given ?? (await ask("Passphrase for the backup: "));
	if (passphrase.length < LENGTH_MIN) {
		throw new CliError(
			`A passphrase must have ${LENGTH_MIN} characters or more.`,
			EXIT.invalidInput,
		);
	}
	if (given === null && (await ask("Repeat the passphrase: ")) !== passphrase) {
		throw new CliError("The two passphrases differ.", EXIT.invalidInput);
	}
	return passphrase;
}

/** For an existing backup. */
export async function recallPassphrase(options: PassphraseOptions): Promise<string> {
	return (await givenPassphrase(options)) ?? (await ask("Passphrase for the backup: "));
}

/** Never an argument: those are visible to every user of the machine. */
async function givenPassphrase({ passphraseFile }: PassphraseOptions): Promise<string | null> {
	if (passphraseFile === undefined) return process.env.LARDER_BACKUP_PASSPHRASE || null;
	try {
		return (await readFile(passphraseFile, "utf8")).replace(/\r?\n$/, "");
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new CliError(`The passphrase can't be read: ${reason}`, EXIT.invalidInput);
	}
}

const ask = (question: string) =>
	askSecret(question, {
		what: "A passphrase",
		otherWays: "Give it with --passphrase-file, or in LARDER_BACKUP_PASSPHRASE.",
	});
