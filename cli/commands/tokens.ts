import { Command } from "commander";
import { createdTokenSchema, tokenPageSchema } from "../../server/contract/index.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { wholeNumber } from "../option-values.ts";
import { type PageOptions, pageOptions, printPage } from "../print-page.ts";
import { formatAgo } from "../terminal/format.ts";

export function tokensCommand(): Command {
	const tokens = new Command("tokens").description("API tokens");
	tokens.addCommand(createCommand());
	tokens.addCommand(listCommand());
	tokens.addCommand(revokeCommand());
	return tokens;
}

function createCommand(): Command {
	const command = new Command("create")
		.summary("make an API token")
		.description(
			"Make an API token. It is printed once, alone on stdout, and can't be shown again.",
		)
		.argument("<name>", "what it is for")
		.option("--expires-in-days <days>", "default: never", wholeNumber)
		.addHelpText(
			"after",
			`
Example:
  export LARDER_TOKEN=$(larder tokens create ci --expires-in-days 90)`,
		);
	return withApiOptions(command).action(
		async (name: string, options: ApiOptions & { expiresInDays?: number }) => {
			const api = await connect(options);
			const answer = await api.call({
				method: "POST",
				path: "/tokens",
				body: {
					name,
					...(options.expiresInDays !== undefined && { expiresInDays: options.expiresInDays }),
				},
			});
			if (options.json) printJson(answer);
			else print(createdTokenSchema.parse(answer).token);
		},
	);
}

function listCommand(): Command {
	const command = new Command("list").description("List API tokens");
	return pageOptions(withApiOptions(command)).action(async (options: ApiOptions & PageOptions) => {
		const now = new Date();
		await printPage(await connect(options), options, {
			path: "/tokens",
			schema: tokenPageSchema,
			empty: "No API tokens.",
			columns: [
				{ title: "ID", value: (token) => token.id },
				{ title: "NAME", value: (token) => token.name },
				{ title: "BEGINS WITH", value: (token) => token.prefix },
				{ title: "CREATED", value: (token) => formatAgo(token.createdAt, now) },
				{ title: "LAST USED", value: (token) => formatAgo(token.lastUsedAt, now) },
				{ title: "EXPIRES", value: (token) => token.expiresAt ?? "never" },
			],
		});
	});
}

function revokeCommand(): Command {
	const command = new Command("revoke")
		.description("Revoke an API token: it stops working at once")
		.argument("<id>", "as `larder tokens list` shows it");
	return withApiOptions(command).action(async (id: string, options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({ method: "DELETE", path: `/tokens/${encodeURIComponent(id)}` });
		if (options.json) printJson(answer);
		else print(`Token ${id} is revoked.`);
	});
}
