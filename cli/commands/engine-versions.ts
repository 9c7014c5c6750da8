import { Command } from "commander";
import { engineVersionSchema } from "../../server/contract/index.ts";
import { type ApiOptions, connect, withApiOptions } from "../command-context.ts";
import { printPage, wholeListOf } from "../print-page.ts";

export function engineVersionsCommand(): Command {
	const list = withApiOptions(new Command("list").description("List engine versions")).action(
		async (options: ApiOptions) => {
			await printPage(await connect(options), options, {
				path: "/engine-versions",
				schema: wholeListOf(engineVersionSchema),
				unpaged: true,
				empty: "No host has an engine yet.",
				columns: [
					{ title: "ENGINE", value: (each) => each.engine },
					{ title: "VERSION", value: (each) => each.version },
					{ title: "DEFAULT", value: (each) => (each.isDefault ? "yes" : "") },
					{ title: "HOSTS", value: (each) => each.hosts.join(", ") },
				],
			});
		},
	);
	return new Command("engine-versions")
		.description("Engine versions that hosts have")
		.addCommand(list);
}
