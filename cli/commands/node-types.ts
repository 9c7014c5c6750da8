import { Command } from "commander";
import { nodeTypeSchema, rateCardViewSchema } from "../../server/contract/index.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { wholeMib, wholeNumber } from "../option-values.ts";
import { printPage, wholeListOf } from "../print-page.ts";
import { formatBytes } from "../terminal/format.ts";

export function nodeTypesCommand(): Command {
	return new Command("node-types")
		.description("Node types: sizes of nodes")
		.addCommand(listCommand())
		.addCommand(createCommand())
		.addCommand(deleteCommand());
}

function listCommand(): Command {
	const command = new Command("list").description("List node types");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		const api = await connect(options);
		const { currency } = rateCardViewSchema.parse(
			await api.call({ method: "GET", path: "/rate-card" }),
		);
		await printPage(api, options, {
			path: "/node-types",
			schema: wholeListOf(nodeTypeSchema),
			unpaged: true,
			empty: "No node types.",
			columns: [
				{ title: "NAME", value: (type) => type.name },
				{ title: "VCPUS", value: (type) => String(type.vcpus), align: "right" },
				{ title: "MEMORY", value: (type) => formatBytes(type.memoryBytes), align: "right" },
				{ title: "FOR DATA", value: (type) => formatBytes(type.usableMemoryBytes), align: "right" },
				{
					title: `${currency} PER HOUR`,
					value: (type) => type.hourlyCost.toFixed(4),
					align: "right",
				},
			],
		});
	});
}

interface CreateOptions extends ApiOptions {
	vcpus: number;
	memory: number;
	cpuMillis?: number;
}

function createCommand(): Command {
	const command = new Command("create")
		.summary("make a node type of your own")
		.description("Make a node type of your own, in addition to the catalog's.")
		.argument("<name>", "begins with a prefix of your own, as in own.small")
		.requiredOption("--vcpus <count>", "threads per node", wholeNumber)
		.requiredOption("--memory <size>", "memory per node, such as 512MiB or 2GiB", wholeMib)
		.option(
			"--cpu-millis <count>",
			"CPU that Larder assigns to each node, in thousandths of a vCPU (default: all of its vCPUs)",
			wholeNumber,
		)
		.addHelpText(
			"after",
			`
Example:
  larder node-types create own.small --vcpus 1 --memory 256MiB --cpu-millis 250`,
		);
	return withApiOptions(command).action(async (name: string, options: CreateOptions) => {
		const api = await connect(options);
		const answer = await api.call({
			method: "POST",
			path: "/node-types",
			body: {
				name,
				vcpus: options.vcpus,
				memoryMib: options.memory,
				cpuMillis: options.cpuMillis,
			},
		});
		if (options.json) printJson(answer);
		else print(`Created node type ${name}.`);
	});
}

function deleteCommand(): Command {
	const command = new Command("delete")
		.description("Delete a node type of your own that no cache uses")
		.argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const api = await connect(options);
		const path = `/node-types/${encodeURIComponent(name)}`;
		const answer = await api.call({ method: "DELETE", path });
		if (options.json) printJson(answer);
		else print(`Deleted node type ${name}.`);
	});
}
