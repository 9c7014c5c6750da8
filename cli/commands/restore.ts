import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { print } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { currentHome } from "../installation/checkout.ts";
import { plural } from "../terminal/format.ts";
import {
	type PassphraseOptions,
	recallPassphrase,
	withPassphraseOptions,
} from "./backup-passphrase.ts";
import { runBackupProgram } from "./backup-program.ts";

const FIRST_LINE_MAX_BYTES = 4_096;

const restoredSchema = z.object({
	header: z.object({ createdAt: z.string(), version: z.string() }),
	rows: z.record(z.string(), z.number()),
	movedAside: z.array(z.string()),
});

export function restoreCommand(): Command {
	const command = new Command("restore")
		.summary("restore the control plane from a backup")
		.description(
			"Restore the database and the key from a backup into this machine's home. The control plane that you start next takes over the running engines that are in the backup and leaves the others alone.",
		)
		.argument("<file>", "made by larder backup")
		.option("--replace", "move an existing database aside")
		.addHelpText(
			"after",
			`
Example:
  larder restore larder-monday.backup && npm start`,
		);
	return withPassphraseOptions(command).action(
		async (file: string, options: PassphraseOptions & { replace?: boolean }) => {
			const path = resolve(file);
			const passphrase = (await isEncrypted(path)) ? await recallPassphrase(options) : null;
			const args = ["restore", path, ...(options.replace ? ["--replace"] : [])];
			const restored = restoredSchema.parse(await runBackupProgram(args, passphrase));
			const { header, rows, movedAside } = restored;
			const count = (table: string, one: string) => plural(rows[table] ?? 0, one);
			print(
				`Restored ${currentHome().root} as of ${header.createdAt}: ${count("Cache", "cache")}, ${count("Host", "host")}, ${count("user", "user")}.`,
			);
			for (const elsewhere of movedAside) print(`Kept the former database in ${elsewhere}`);
			print("Start the control plane now: npm start");
		},
	);
}

/** According to the file's first line. The backup program itself refuses a file whose first line isn't a header. */
async function isEncrypted(path: string): Promise<boolean> {
	const file = await open(path, "r").catch((error: unknown) => {
		const reason = error instanceof Error ? error.message : String(error);
		throw new CliError(`The backup can't be read: ${reason}`, EXIT.notFound);
	});
	try {
		const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(FIRST_LINE_MAX_BYTES) });
		const firstLine = buffer.toString("utf8", 0, bytesRead).split("\n")[0] ?? "";
		return /"encryption":\{/.test(firstLine);
	} finally {
		await file.close();
	}
}
