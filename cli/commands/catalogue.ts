import { Command } from "commander";
import { z } from "zod";
import { engineVersionSchema, nodeTypeSchema } from "../../server/contract/index.ts";
import { type ApiOptions, connect, withApiOptions } from "../command-context.ts";
import { printPage } from "../print-page.ts";
import { formatBytes } from "../terminal/format.ts";

const whole = <T extends z.ZodType>(item: T) =>
	z.object({ items: z.array(item), nextCursor: z.null() });

export function nodeTypesCommand(): Command {
	const list = withApiOptions(new Command("list").description("List node types")).action(
		async (options: ApiOptions) => {
			await printPage(await connect(options), options, {
				path: "/node-types",
				schema: whole(nodeTypeSchema),
				unpaged: true,
				empty: "No node types.",
				columns: [
					{ title: "NAME", value: (type) => type.name },
					{ title: "VCPUS", value: (type) => String(type.vcpus), align: "right" },
					{ title: "MEMORY", value: (type) => formatBytes(type.memoryBytes), align: "right" },
					{
						title: "FOR DATA",
						value: (type) => formatBytes(type.usableMemoryBytes),
						align: "right",
					},
				],
			});
		},
	);
	return new Command("node-types").description("Sizes that nodes come in").addCommand(list);
}

export function engineVersionsCommand(): Command {
	const list = withApiOptions(new Command("list").description("List engine versions")).action(
		async (options: ApiOptions) => {
			await printPage(await connect(options), options, {
				path: "/engine-versions",
				schema: whole(engineVersionSchema),
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
