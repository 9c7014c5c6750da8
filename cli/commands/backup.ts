import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { print } from "../command-context.ts";
import { formatBytes } from "../terminal/format.ts";
import {
	choosePassphrase,
	type PassphraseOptions,
	withPassphraseOptions,
} from "./backup-passphrase.ts";
import { runBackupProgram } from "./backup-program.ts";

interface BackupCommandOptions extends PassphraseOptions {
	passphrase: boolean;
	withMetrics?: boolean;
}

export function backupCommand(): Command {
	const command = new Command("backup")
		.summary("back up the control plane: its database and its key")
		.description(
			"Write the database and the key of this machine's control plane into one encrypted file, whether or not the control plane is running. The data of caches isn't in it. Sign-ins are left out, and so are the samples behind charts unless you pass --with-metrics.",
		)
		.argument("<file>", "file to write; it must not exist yet")
		.option("--with-metrics", "include the samples behind charts")
		.option("--no-passphrase", "don't encrypt: anyone who can read the file gets every password")
		.addHelpText(
			"after",
			`
Examples:
  larder backup larder-monday.backup
  larder backup /mnt/safe/larder-$(date +%F).backup --passphrase-file /etc/larder/passphrase`,
		);
	return withPassphraseOptions(command).action(
		async (file: string, options: BackupCommandOptions) => {
			const passphrase = options.passphrase ? await choosePassphrase(options) : null;
			if (passphrase === null) {
				process.stderr.write(
					"The backup isn't encrypted. Anyone who can read it gets the password of every cache.\n",
				);
			}
			const path = resolve(file);
			const args = ["create", path, ...(options.withMetrics ? ["--with-metrics"] : [])];
			await runBackupProgram(args, passphrase);
			print(`${path} (${formatBytes((await stat(path)).size)})`);
		},
	);
}
