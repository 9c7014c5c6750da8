import { Command, Option } from "commander";
import { eventPageSchema, severitySchema } from "../../server/contract/index.ts";
import { type ApiOptions, connect, withApiOptions } from "../command-context.ts";
import { type PageOptions, pageOptions, printPage } from "../print-page.ts";

const DEFAULT_LIMIT = "50";

interface ListOptions extends ApiOptions, PageOptions {
	cache?: string;
	severity?: string;
}

export function eventsCommand(): Command {
	const list = new Command("list")
		.description("List what happened, newest first")
		.option("--cache <name>", "only events of this cache")
		.addOption(new Option("--severity <severity>", "only these").choices(severitySchema.options));
	pageOptions(withApiOptions(list), DEFAULT_LIMIT).action(async (options: ListOptions) => {
		// There are many events: print one page unless asked for more.
		await printPage(
			await connect(options),
			{ ...options, limit: options.limit ?? DEFAULT_LIMIT },
			{
				path: "/events",
				query: { cache: options.cache, severity: options.severity },
				schema: eventPageSchema,
				empty: "No events.",
				columns: [
					{ title: "AT", value: (event) => event.at },
					{ title: "SEVERITY", value: (event) => event.severity },
					{ title: "CACHE", value: (event) => event.cache ?? "-" },
					{ title: "HOST", value: (event) => event.host ?? "-" },
					{ title: "MESSAGE", value: (event) => event.message },
				],
			},
		);
	});
	return new Command("events").description("Events").addCommand(list);
}
