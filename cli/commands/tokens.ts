import { Command, Option } from "commander";
import {
	createdTokenSchema,
	TOKEN_DAYS_DEFAULT,
	type TokenScope,
	tokenPageSchema,
	tokenScopeSchema,
} from "../../server/contract/index.ts";
import { serverClock } from "../api/client.ts";
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

interface CreateOptions extends ApiOptions {
	scope: string;
	expiresInDays: number;
	neverExpires?: boolean;
}

function createCommand(): Command {
	const command = new Command("create")
		.summary("make an API token")
		.description(
			"Make an API token. It is printed once, alone on stdout, and can't be shown again.",
		)
		.argument("<name>", "what it is for")
		.addOption(
			new Option(
				"--scope <scope>",
				"read-only can read everything except passwords; full can do everything",
			)
				.choices(tokenScopeSchema.options)
				.default("read-only" satisfies TokenScope),
		)
		.addOption(
			new Option("--expires-in-days <days>", "days until it expires")
				.argParser(wholeNumber)
				.default(TOKEN_DAYS_DEFAULT),
		)
		.addOption(
			new Option("--never-expires", "valid until you revoke it").conflicts("expiresInDays"),
		)
		.addHelpText(
			"after",
			`
Examples:
  export LARDER_TOKEN=$(larder tokens create dashboard)
  export LARDER_TOKEN=$(larder tokens create ci --scope full --expires-in-days 30)`,
		);
	return withApiOptions(command).action(async (name: string, options: CreateOptions) => {
		const { scope, expiresInDays, neverExpires } = options;
		const api = await connect(options);
		const answer = await api.call({
			method: "POST",
			path: "/tokens",
			body: { name, scope, expiresInDays: neverExpires === true ? null : expiresInDays },
		});
		if (options.json) {
			printJson(answer);
			return;
		}
		const token = createdTokenSchema.parse(answer);
		const expiry = token.expiresAt === null ? "never expires" : `expires ${token.expiresAt}`;
		process.stderr.write(`Token ${token.name}: ${token.scope}, ${expiry}.\n`);
		print(token.token);
	});
}

function listCommand(): Command {
	const command = new Command("list").description("List API tokens");
	return pageOptions(withApiOptions(command)).action(async (options: ApiOptions & PageOptions) => {
		const now = new Date(serverClock.at(Date.now()));
		await printPage(await connect(options), options, {
			path: "/tokens",
			schema: tokenPageSchema,
			empty: "No API tokens.",
			columns: [
				{ title: "ID", value: (token) => token.id },
				{ title: "NAME", value: (token) => token.name },
				{ title: "BEGINS WITH", value: (token) => token.prefix },
				{ title: "SCOPE", value: (token) => token.scope },
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
		else print(`Revoked token ${id}.`);
	});
}
