import { Command } from "commander";
import { credentialsSchema } from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { formatFields } from "../../terminal/table.ts";

export function credentialsCommand(): Command {
	const command = new Command("credentials")
		.summary("reveal a cache's password")
		.description(
			"Reveal a cache's user name and password. The audit log records each use of this command.",
		)
		.argument("<name>");
	return withApiOptions(command).action(run);
}

async function run(name: string, options: ApiOptions): Promise<void> {
	const api = await connect(options);
	const answer = await api.call({
		method: "GET",
		path: `/caches/${encodeURIComponent(name)}/credentials`,
	});
	if (options.json) {
		printJson(answer);
		return;
	}
	const { mode, username, password } = credentialsSchema.parse(answer);
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
