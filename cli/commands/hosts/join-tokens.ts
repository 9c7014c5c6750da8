import { Command } from "commander";
import {
	type CreatedJoinToken,
	createdJoinTokenSchema,
	type JoinToken,
	joinTokenPageSchema,
	joinTokenSchema,
} from "../../../server/contract/index.ts";
import { serverClock } from "../../api/client.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { wholeNumber } from "../../option-values.ts";
import { type PageOptions, pageOptions, printPage } from "../../print-page.ts";
import { formatAgo } from "../../terminal/format.ts";

interface CreateOptions extends ApiOptions {
	expiresInHours?: number;
	uses?: number;
}

export function joinTokenCommand(): Command {
	const command = new Command("join-token")
		.summary("make a token that lets a host join")
		.description(
			"Make a token that lets another machine join, and print the command to run there. The token is shown only once.",
		)
		.option("--expires-in-hours <hours>", "how long the token is valid (default: 1)", wholeNumber)
		.option("--uses <count>", "how many hosts may join with it (default: 1)", wholeNumber);
	return withApiOptions(command).action(async (options: CreateOptions) => {
		const { expiresInHours, uses } = options;
		const api = await connect(options);
		const answer = await api.call({
			method: "POST",
			path: "/hosts/join-tokens",
			body: {
				...(expiresInHours !== undefined && { expiresInHours }),
				...(uses !== undefined && { uses }),
			},
		});
		if (options.json) {
			printJson(answer);
			return;
		}
		const token = createdJoinTokenSchema.parse(answer);
		print(describeJoin(token));
	});
}

/** What to do on the new host, step by step. */
function describeJoin(token: CreatedJoinToken): string {
	const hosts = token.maxUses === 1 ? "one host" : `${token.maxUses} hosts`;
	const steps = token.steps.map(({ text, command }, index) =>
		[`${index + 1}. ${text}`, ...(command === null ? [] : [`     ${command}`])].join("\n"),
	);
	return [
		`On the new host (the token lets ${hosts} join until ${token.expiresAt}):`,
		...steps,
		...(token.reachWarning === null ? [] : [`Warning: ${token.reachWarning}`]),
	].join("\n\n");
}

export function joinTokensCommand(): Command {
	const command = new Command("join-tokens").description("Tokens that let hosts join");
	command.addCommand(listCommand());
	command.addCommand(revokeCommand());
	return command;
}

/** Such as "0 of 1", or "1 of 3: box-1". */
export function describeUses({ uses, maxUses, hosts }: JoinToken): string {
	const count = `${uses} of ${maxUses}`;
	return hosts.length === 0 ? count : `${count}: ${hosts.join(", ")}`;
}

function listCommand(): Command {
	const command = new Command("list").description("List join tokens");
	return pageOptions(withApiOptions(command)).action(async (options: ApiOptions & PageOptions) => {
		const now = new Date(serverClock.at(Date.now()));
		await printPage(await connect(options), options, {
			path: "/hosts/join-tokens",
			schema: joinTokenPageSchema,
			empty: "No join tokens. Make one with: larder hosts join-token",
			columns: [
				{ title: "ID", value: (token) => token.id },
				{ title: "BEGINS WITH", value: (token) => token.prefix },
				{ title: "STATUS", value: (token) => token.status },
				{ title: "USED", value: describeUses },
				{ title: "CREATED", value: (token) => formatAgo(token.createdAt, now) },
				{ title: "BY", value: (token) => token.createdBy },
				{ title: "EXPIRES", value: (token) => token.expiresAt },
			],
		});
	});
}

function revokeCommand(): Command {
	const command = new Command("revoke")
		.description(
			"Revoke a join token: no more hosts can join with it. Hosts that joined with it stay",
		)
		.argument("<id>", "as `larder hosts join-tokens list` shows it");
	return withApiOptions(command).action(async (id: string, options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({
			method: "DELETE",
			path: `/hosts/join-tokens/${encodeURIComponent(id)}`,
		});
		if (options.json) printJson(answer);
		else print(`Revoked join token ${joinTokenSchema.parse(answer).prefix}….`);
	});
}
