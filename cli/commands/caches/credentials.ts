import { Command } from "commander";
import type { z } from "zod";
import { credentialsSchema } from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { CliError, EXIT } from "../../exit-codes.ts";
import { formatFields } from "../../terminal/table.ts";

type Credentials = z.infer<typeof credentialsSchema>;

export function credentialsCommand(): Command {
	const command = new Command("credentials")
		.summary("reveal a cache's password")
		.description(
			"Reveal a cache's user name and password. The audit log records each use of this command.",
		)
		.argument("<name>")
		.option("--replication", "with which an engine outside Larder can replicate from the cache");
	return withApiOptions(command).action(run);
}

interface CredentialsOptions extends ApiOptions {
	replication?: boolean;
}

async function run(name: string, options: CredentialsOptions): Promise<void> {
	const api = await connect(options);
	const answer = await api.call({
		method: "GET",
		path: `/caches/${encodeURIComponent(name)}/credentials`,
	});
	if (options.json) {
		printJson(answer);
		return;
	}
	const { mode, username, password, replication } = credentialsSchema.parse(answer);
	if (options.replication) return printReplication(name, replication);
	if (mode === "none") print(`${name} lets clients in without a password.`);
	else {
		print(
			formatFields([
				["Username", username ?? "-"],
				["Password", password ?? "-"],
			]),
		);
	}
}

function printReplication(name: string, login: Credentials["replication"]): void {
	if (login === null) {
		throw new CliError(
			`Nothing can replicate from ${name}: only provisioned Valkey and Redis OSS caches have nodes that stay.`,
			EXIT.invalidInput,
		);
	}
	print(
		formatFields([
			["masteruser", login.username],
			["masterauth", login.password],
		]),
	);
}
