import { randomUUID } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import {
	authModeSchema,
	type CreateCacheInput,
	cacheSchema,
} from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { wholeNumber } from "../../option-values.ts";
import { describeCache } from "./describe-cache.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";

interface CreateOptions extends ApiOptions, WaitOptions {
	engine?: string;
	engineVersion?: string;
	nodeType?: string;
	replicas?: number;
	multiAz?: boolean;
	automaticFailover?: boolean;
	auth?: string;
	port?: number;
	tag?: Record<string, string>;
	description?: string;
}

/** The API's schema judges the values; here they only get their type. */
type LooseInput = { [Key in keyof CreateCacheInput]?: unknown };

export function createCommand(): Command {
	const command = new Command("create")
		.summary("create a cache")
		.description("Create a cache. What you leave out gets the API's default.")
		.argument("<name>", "letters, digits and hyphens; begins with a letter")
		.option("--engine <engine>", "valkey")
		.option("--engine-version <version>", "9, 9.1 or 9.1.2 (default: the newest there is)")
		.option("--node-type <type>", "memory of each node, see `larder node-types list`")
		.option("--replicas <count>", "copies of the primary, 0 to 5", wholeNumber)
		.option("--multi-az", "keep a replica in another zone than the primary")
		.option("--no-automatic-failover", "leave it to you to promote a replica")
		.addOption(
			new Option("--auth <mode>", "password or none (default: password)").choices(
				authModeSchema.options,
			),
		)
		.option("--port <port>", "client port (default: the lowest free one)", wholeNumber)
		.option("--tag <key=value>", "may be given several times", collectTag)
		.option("--description <text>", "what it is for")
		.addHelpText(
			"after",
			`
Examples:
  larder caches create orders
  larder caches create orders --replicas 2 --multi-az --wait
  larder caches create sessions --node-type cache.t4g.small --auth none --tag team=web --json`,
		);
	return waitOptions(withApiOptions(command)).action(run);
}

async function run(name: string, options: CreateOptions): Promise<void> {
	const api = await connect(options);
	const body = toInput(name, options);
	const startedAt = performance.now();
	const created = await api.call({
		method: "POST",
		path: "/caches",
		body,
		idempotencyKey: randomUUID(),
	});
	const cache = cacheSchema.parse(created);
	if (!options.wait) {
		if (options.json) printJson(created);
		else print(`${cache.name} is being created. Follow it with: larder caches show ${cache.name}`);
		return;
	}
	const available = await waitUntilAvailable(api, cache.name, options, startedAt);
	if (options.json) printJson(available);
	else print(`\n${describeCache(cacheSchema.parse(available))}`);
}

export function toInput(name: string, options: CreateOptions): LooseInput {
	const given: LooseInput = {
		name,
		engine: options.engine,
		engineVersion: options.engineVersion,
		nodeType: options.nodeType,
		replicasPerShard: options.replicas,
		multiAz: options.multiAz,
		// Commander sets it to true when the flag is absent: then the API decides.
		automaticFailover: options.automaticFailover === false ? false : undefined,
		auth: options.auth,
		port: options.port,
		tags: options.tag,
		description: options.description,
	};
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function collectTag(text: string, before: Record<string, string> = {}): Record<string, string> {
	const at = text.indexOf("=");
	if (at < 1) throw new InvalidArgumentError("Write key=value.");
	return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
