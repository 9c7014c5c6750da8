import { Command } from "commander";
import {
	type AcceleratorView,
	acceleratorListSchema,
	acceleratorSchema,
} from "../../server/contract/accelerator.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { readSecretAccessKey } from "../terminal/secret-access-key.ts";
import { formatFields, formatTable } from "../terminal/table.ts";
import { acceleratorMetricsCommand } from "./accelerator-metrics.ts";

const SECRET_VARIABLE = "LARDER_DYNAMODB_SECRET_ACCESS_KEY";
const WAIT_MS = 60_000;
const LOOK_MS = 200;

export function acceleratorsCommand(): Command {
	const accelerators = new Command("accelerators").description(
		"Accelerators: caches in front of DynamoDB, with its own protocol",
	);
	const changes = [createCommand, modifyCommand, deleteCommand];
	for (const make of [listCommand, showCommand, acceleratorMetricsCommand, ...changes]) {
		accelerators.addCommand(make());
	}
	return accelerators;
}

const pathOf = (name: string) => `/accelerators/${encodeURIComponent(name)}`;

function listCommand(): Command {
	const command = new Command("list").description("List accelerators");
	return withApiOptions(command).action(async (options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "GET", path: "/accelerators" });
		if (options.json) return printJson(answer);
		const { items } = acceleratorListSchema.parse(answer);
		if (items.length === 0) return print("There are no accelerators.");
		print(
			formatTable(items, [
				{ title: "NAME", value: ({ name }) => name },
				{ title: "STATUS", value: ({ status }) => status },
				{ title: "CACHE", value: ({ cache }) => cache },
				{ title: "ENDPOINT", value: endpointOf },
				{ title: "UPSTREAM", value: ({ upstream }) => upstream.endpoint },
				{ title: "HIT RATE", value: ({ metrics }) => percentOf(metrics.hitRate), align: "right" },
			]),
		);
	});
}

function showCommand(): Command {
	const command = new Command("show")
		.description("Show an accelerator, its instances and what it saves")
		.argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "GET", path: pathOf(name) });
		if (options.json) printJson(answer);
		else print(describe(acceleratorSchema.parse(answer)));
	});
}

function endpointOf({ endpoint }: AcceleratorView): string {
	return endpoint === null ? "-" : `http://${endpoint.host}:${endpoint.port}`;
}

function percentOf(share: number | null): string {
	return share === null ? "-" : `${(share * 100).toFixed(1)} %`;
}

function latencyOf(latency: { p50: number; p99: number } | null): string {
	if (latency === null) return "-";
	return `p50 ${latency.p50.toFixed(2)} ms, p99 ${latency.p99.toFixed(2)} ms`;
}

function describe(accelerator: AcceleratorView): string {
	const { metrics, upstream, statusReason } = accelerator;
	const { latencyMs } = metrics;
	const fields = formatFields([
		["Name", accelerator.name],
		["Status", accelerator.status],
		...(statusReason === null ? [] : [["Reason", statusReason] satisfies [string, string]]),
		["Endpoint", endpointOf(accelerator)],
		["Also on", accelerator.alternateHosts.join(", ") || "-"],
		["Cache", accelerator.cache],
		["Upstream", `${upstream.endpoint} (${upstream.region})`],
		["Clients sign with", upstream.accessKeyId ?? "any key: signatures aren't verified"],
		["Items kept", `${accelerator.itemTtlSeconds} s`],
		["Answers kept", `${accelerator.queryTtlSeconds} s`],
		["Hit rate", percentOf(metrics.hitRate)],
		["Items", `${metrics.itemHits} hits, ${metrics.itemMisses} misses`],
		["Queries and scans", `${metrics.queryHits} hits, ${metrics.queryMisses} misses`],
		["Writes", String(metrics.writes)],
		["Passed on", String(metrics.passed)],
		["Upstream calls", `${metrics.upstreamCalls}, ${metrics.upstreamCallsSaved} saved`],
		[
			"Saved",
			`${metrics.readUnitsSaved} read units, ${metrics.moneySaved.toFixed(4)} ${metrics.currency}`,
		],
		["Hits took", latencyOf(latencyMs.hit)],
		["Misses took", latencyOf(latencyMs.miss)],
		["Writes took", latencyOf(latencyMs.write)],
	]);
	const { instances } = accelerator;
	if (instances.length === 0) return fields;
	const table = formatTable(instances, [
		{ title: "HOST", value: ({ host }) => host },
		{ title: "ZONE", value: ({ zone }) => zone },
		{
			title: "ADDRESS",
			value: ({ address, port }) => (port === null ? address : `${address}:${port}`),
		},
		{ title: "STATUS", value: ({ status }) => status },
		{ title: "REASON", value: ({ reason }) => reason ?? "" },
	]);
	return `${fields}\n\n${table}`;
}

interface CreateOptions extends ApiOptions {
	cache: string;
	upstream: string;
	region: string;
	accessKeyId?: string;
	itemTtl?: number;
	queryTtl?: number;
	instances?: number;
	port?: number;
	wait?: boolean;
}

function createCommand(): Command {
	const command = new Command("create")
		.description("Create an accelerator")
		.argument("<name>")
		.requiredOption("--cache <name>", "the Valkey or Redis OSS cache that holds items and answers")
		.requiredOption("--upstream <address>", "endpoint of a DynamoDB")
		.option("--region <region>", "its region", "us-east-1")
		.option(
			"--access-key-id <id>",
			`the key that clients sign with; its secret is read from ${SECRET_VARIABLE}, or a prompt`,
		)
		.option("--item-ttl <seconds>", "how long items are kept (default: 300)", wholeNumber)
		.option("--query-ttl <seconds>", "how long answers are kept (default: 60)", wholeNumber)
		.option("--instances <count>", "processes, each on a host of its own (default: 2)", wholeNumber)
		.option("--port <port>", "of the endpoint (default: Larder chooses one)", wholeNumber)
		.option("--wait", "wait until it serves")
		.addHelpText(
			"after",
			`
Examples:
  larder accelerators create acc --cache hot --upstream http://127.0.0.1:8000 --wait
  larder accelerators create shop --cache hot --upstream https://dynamodb.eu-central-1.amazonaws.com --region eu-central-1 --access-key-id AKIA…`,
		);
	return withApiOptions(command).action(async (name: string, options: CreateOptions) => {
		const { cache, upstream, region, accessKeyId, itemTtl, queryTtl, instances, port } = options;
		const body = {
			...{ name, cache, instances, port, itemTtlSeconds: itemTtl, queryTtlSeconds: queryTtl },
			upstream: {
				...{ endpoint: upstream, region },
				...(accessKeyId !== undefined && {
					accessKeyId,
					secretAccessKey: await readSecretAccessKey(SECRET_VARIABLE),
				}),
			},
		};
		const api = await connect(options);
		const answer = await api.call({ method: "POST", path: "/accelerators", body });
		await tell(answer, options, {
			refresh: () => api.call({ method: "GET", path: pathOf(name) }),
			isReached: ({ status }) => status !== "creating",
			problem: `Accelerator ${name} doesn't serve yet.`,
		});
	});
}

/** Prints an accelerator, with `--wait` once it is as wanted. */
async function tell(
	first: unknown,
	{ wait, json }: ApiOptions & { wait?: boolean },
	until: {
		refresh(): Promise<unknown>;
		isReached(accelerator: AcceleratorView): boolean;
		problem: string;
	},
): Promise<void> {
	let answer = first;
	const deadline = performance.now() + WAIT_MS;
	while (wait === true && !until.isReached(acceleratorSchema.parse(answer))) {
		if (performance.now() > deadline) {
			const { statusReason } = acceleratorSchema.parse(answer);
			throw new CliError(`${until.problem} ${statusReason ?? ""}`.trim(), EXIT.failure);
		}
		await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
		answer = await until.refresh();
	}
	if (json) printJson(answer);
	else print(describe(acceleratorSchema.parse(answer)));
}

type ModifyOptions = ApiOptions &
	Pick<CreateOptions, "itemTtl" | "queryTtl" | "instances" | "wait">;

function modifyCommand(): Command {
	const command = new Command("modify")
		.description("Change an accelerator while it serves")
		.argument("<name>")
		.option("--item-ttl <seconds>", "how long items are kept from now on", wholeNumber)
		.option("--query-ttl <seconds>", "how long answers are kept from now on", wholeNumber)
		.option("--instances <count>", "processes, each on a host of its own", wholeNumber)
		.option("--wait", "wait until all instances serve");
	return withApiOptions(command).action(async (name: string, options: ModifyOptions) => {
		const { itemTtl, queryTtl, instances } = options;
		const body = { itemTtlSeconds: itemTtl, queryTtlSeconds: queryTtl, instances };
		if (Object.values(body).every((value) => value === undefined)) {
			throw new CliError(
				"Say what to change: --item-ttl, --query-ttl or --instances.",
				EXIT.invalidInput,
			);
		}
		const api = await connect(options);
		const path = pathOf(name);
		await tell(await api.call({ method: "PATCH", path, body }), options, {
			refresh: () => api.call({ method: "GET", path }),
			isReached: (accelerator) =>
				accelerator.status === "available" &&
				accelerator.instances.length === accelerator.instancesWanted &&
				accelerator.instances.every(({ status }) => status === "running"),
			problem: `Accelerator ${name} isn't as wanted yet.`,
		});
	});
}

function deleteCommand(): Command {
	const command = new Command("delete")
		.description("Delete an accelerator; its cache and the tables stay")
		.argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "DELETE", path: pathOf(name) });
		if (options.json) printJson(answer);
		else print(`Deleted accelerator ${name}. Point its clients to another endpoint.`);
	});
}
