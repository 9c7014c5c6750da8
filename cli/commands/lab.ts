import { setTimeout as delay } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import {
	LAB_STRATEGIES,
	LAB_STRATEGY_NAMES,
	type LabRun,
	labRunPageSchema,
	labRunSchema,
} from "../../server/contract/lab.ts";
import {
	describeLabWorkload,
	LAB_REPORT_ROWS,
	labReportMarkdown,
} from "../../server/contract/lab-report.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { formatFields, formatTable } from "../terminal/table.ts";

const POLL_MS = 1_000;

export function labCommand(): Command {
	const lab = new Command("lab").description(
		"Strategy lab: compare caching strategies on one of your caches",
	);
	for (const make of [runCommand, listCommand, showCommand, stopCommand, deleteCommand]) {
		lab.addCommand(make());
	}
	return lab;
}

const pathOf = (id: string) => `/lab-runs/${encodeURIComponent(id)}`;

interface RunOptions extends ApiOptions {
	cache: string;
	strategies?: string[];
	keys?: number;
	skew?: number;
	reads?: number;
	itemBytes?: number;
	ttl?: number;
	latency?: number;
	clients?: number;
	rate?: number | null;
	duration?: number;
	wait: boolean;
}

function runCommand(): Command {
	const command = new Command("run")
		.description("Run up to three strategies side by side")
		.requiredOption("--cache <name>", "an available Valkey or Redis OSS cache")
		.option("--strategies <names>", `comma-separated: ${LAB_STRATEGIES.join(", ")}`, (text) =>
			text.split(","),
		)
		.option("--keys <n>", "items in the database", wholeNumber)
		.option("--skew <s>", "Zipf exponent of the keys, 0 to 2", fraction)
		.option("--reads <share>", "share of operations that read, 0 to 1", fraction)
		.option("--item-bytes <n>", "size of an item", wholeNumber)
		.option("--ttl <seconds>", "time to live in the cache", wholeNumber)
		.option("--latency <ms>", "added to each query of the database", wholeNumber)
		.option("--clients <n>", "clients of each strategy", wholeNumber)
		.option("--rate <n>", "operations a second of each strategy, or max", paceOf)
		.option("--duration <seconds>", "how long it runs, at most 120", wholeNumber)
		.option("--no-wait", "return at once")
		.addHelpText(
			"after",
			`
The run uses keys of its own under one prefix, and deletes them. It touches nothing else in the cache.

Examples:
  larder lab run --cache orders
  larder lab run --cache orders --strategies ttl-only,cache-aside,write-through --reads 0.8 --ttl 30
  larder lab show lab-1a2b3c4d5e --format markdown > report.md`,
		);
	return withApiOptions(command).action(async (options: RunOptions) => {
		const api = await connect(options);
		const body = {
			...{ cache: options.cache, strategies: options.strategies },
			workload: {
				...{ keys: options.keys, keySkew: options.skew, readShare: options.reads },
				...{ itemBytes: options.itemBytes, ttlSeconds: options.ttl },
				...{ databaseLatencyMs: options.latency, clients: options.clients },
				...{ operationsPerSecond: options.rate, durationSeconds: options.duration },
			},
		};
		let answer = await api.call({ method: "POST", path: "/lab-runs", body });
		let run = labRunSchema.parse(answer);
		if (options.wait) {
			process.stderr.write(
				`Lab run ${run.id} takes ${run.workload.durationSeconds} s. Ctrl-C doesn't end it; larder lab stop ${run.id} does.\n`,
			);
		}
		while (options.wait && run.status === "running") {
			await delay(POLL_MS);
			answer = await api.call({ method: "GET", path: pathOf(run.id) });
			run = labRunSchema.parse(answer);
		}
		if (options.json) printJson(answer);
		else print(describeRun(run));
		if (run.status === "failed") {
			throw new CliError(run.statusReason ?? "The run failed.", EXIT.failure);
		}
	});
}

function fraction(text: string): number {
	const value = Number(text);
	if (text.trim() === "" || Number.isNaN(value)) {
		throw new InvalidArgumentError("It must be a number.");
	}
	return value;
}

function paceOf(text: string): number | null {
	return text === "max" ? null : wholeNumber(text);
}

function describeRun(run: LabRun): string {
	const fields = formatFields([
		["Run", run.id],
		["Status", run.status + (run.statusReason === null ? "" : `: ${run.statusReason}`)],
		["Cache", `${run.cache} (${run.engine})`],
		["Workload", describeLabWorkload(run).join("; ")],
	]);
	if (run.results.length === 0) return fields;
	const table = formatTable(
		[...LAB_REPORT_ROWS],
		[
			{ title: "", value: ([title]) => title },
			...run.results.map((result) => ({
				title: LAB_STRATEGY_NAMES[result.strategy].toUpperCase(),
				value: ([, value]: (typeof LAB_REPORT_ROWS)[number]) => value(result),
			})),
		],
	);
	const findings = run.results
		.map(({ strategy, findings: said }) => `${LAB_STRATEGY_NAMES[strategy]}: ${said.join(" ")}`)
		.join("\n\n");
	return `${fields}\n\n${table}\n\n${findings}`;
}

function listCommand(): Command {
	const command = new Command("list").description("List runs, the newest first");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "GET", path: "/lab-runs" });
		if (options.json) return printJson(answer);
		print(
			formatTable(labRunPageSchema.parse(answer).items, [
				{ title: "ID", value: ({ id }) => id },
				{ title: "STATUS", value: ({ status }) => status },
				{ title: "CACHE", value: ({ cache }) => cache },
				{ title: "STRATEGIES", value: ({ strategies }) => strategies.join(", ") },
				{ title: "CREATED", value: ({ createdAt }) => createdAt },
			]),
		);
	});
}

function showCommand(): Command {
	const command = new Command("show")
		.description("Show a run and its report")
		.argument("<id>")
		.addOption(
			new Option("--format <format>", "of the report")
				.choices(["text", "markdown"])
				.default("text"),
		);
	return withApiOptions(command).action(
		async (id: string, options: ApiOptions & { format: string }) => {
			const answer = await (await connect(options)).call({ method: "GET", path: pathOf(id) });
			if (options.json) return printJson(answer);
			const run = labRunSchema.parse(answer);
			print(options.format === "markdown" ? labReportMarkdown(run).trimEnd() : describeRun(run));
		},
	);
}

function stopCommand(): Command {
	const command = new Command("stop")
		.description("End a run early; what it has measured is its result")
		.argument("<id>");
	return withApiOptions(command).action(async (id: string, options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({ method: "POST", path: `${pathOf(id)}/stop`, body: {} });
		if (options.json) printJson(answer);
		else print(describeRun(labRunSchema.parse(answer)));
	});
}

function deleteCommand(): Command {
	const command = new Command("delete")
		.description("Delete a run and its report; stops it first if it is running")
		.argument("<id>");
	return withApiOptions(command).action(async (id: string, options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "DELETE", path: pathOf(id) });
		if (options.json) printJson(answer);
		else print(`Deleted lab run ${id}.`);
	});
}
