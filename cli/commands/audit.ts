import { Command, Option } from "commander";
import { auditOutcomeSchema, auditPageSchema } from "../../server/contract/index.ts";
import { serverClock } from "../api/client.ts";
import { type ApiOptions, connect, withApiOptions } from "../command-context.ts";
import { pastInstant } from "../option-values.ts";
import { type PageOptions, pageOptions, printPage } from "../print-page.ts";

const DEFAULT_LIMIT = "50";

interface ListOptions extends ApiOptions, PageOptions {
	since?: (now: Date) => Date;
	actor?: string;
	action?: string;
	outcome?: string;
}

export function auditCommand(): Command {
	const list = new Command("list")
		.description("List who signed in, revealed a password or changed something, newest first")
		.option(
			"--since <time>",
			"only entries since: 90m, 24h, 7d, or 2026-11-29T12:00:00Z",
			pastInstant,
		)
		.option("--actor <name>", "part of a user's address, or of a token's or host's name")
		.option("--action <action>", "an action such as cache.delete, or a prefix such as cache")
		.addOption(new Option("--outcome <outcome>", "only these").choices(auditOutcomeSchema.options));
	pageOptions(withApiOptions(list), DEFAULT_LIMIT).action(async (options: ListOptions) => {
		const { since, actor, action, outcome } = options;
		// There are many entries: print one page unless asked for more.
		await printPage(
			await connect(options),
			{ ...options, limit: options.limit ?? DEFAULT_LIMIT },
			{
				path: "/audit",
				query: {
					actor,
					action,
					outcome,
					since: since?.(new Date(serverClock.at(Date.now()))).toISOString(),
				},
				schema: auditPageSchema,
				empty: "No audit entry matches.",
				columns: [
					{ title: "AT", value: (entry) => entry.at },
					{ title: "WHO", value: (entry) => entry.actor.name },
					{ title: "FROM", value: (entry) => entry.address ?? "-" },
					{ title: "ACTION", value: (entry) => entry.action },
					{ title: "TARGET", value: (entry) => entry.target || "-" },
					{ title: "OUTCOME", value: (entry) => entry.outcome },
				],
			},
		);
	});
	return new Command("audit")
		.description("The audit log: who did what, and from where")
		.addCommand(list);
}
