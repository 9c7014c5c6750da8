import { randomUUID } from "node:crypto";
import { Command, Option } from "commander";
import {
	authModeSchema,
	type CreateCacheInput,
	cacheInterfaceSchema,
	cacheKindSchema,
	engineSchema,
	persistenceSchema,
	protocolSchema,
} from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { clusterMode, collectPair, collectText, wholeNumber } from "../../option-values.ts";
import { printCache } from "./print-cache.ts";
import {
	limitsOf,
	type ServerlessOptions,
	scaleToZeroOf,
	serverlessOptions,
} from "./serverless-options.ts";
import { nodesOption, replicasOption } from "./size-options.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";

interface CreateOptions extends ApiOptions, WaitOptions, ServerlessOptions {
	kind?: string;
	protocol?: string;
	engine?: string;
	engineVersion?: string;
	nodeType?: string;
	clusterMode?: string;
	shards?: number;
	slots?: string[];
	replicas?: number;
	nodes?: number;
	zone?: string[];
	multiAz?: boolean;
	automaticFailover?: boolean;
	auth?: string;
	port?: number;
	parameterGroup?: string;
	maintenanceWindow?: string;
	deletionProtection?: boolean;
	fromSnapshot?: string;
	snapshotRetention?: number;
	persistence?: string;
	snapshotWindow?: string;
	tag?: Record<string, string>;
	description?: string;
}

/** The API's schema checks the values; here they only get their type. */
type LooseInput = { [Key in keyof CreateCacheInput]?: unknown };

export function createCommand(): Command {
	const command = new Command("create")
		.summary("create a cache")
		.description("Create a cache. Options that you leave out get the API's defaults.")
		.argument("<name>", "letters, digits and hyphens; begins with a letter")
		.addOption(
			new Option(
				"--kind <kind>",
				"provisioned, or serverless: Larder sizes it by its load (default: provisioned)",
			).choices(cacheKindSchema.options),
		)
		.addOption(
			new Option(
				"--protocol <protocol>",
				"of a serverless Valkey or Redis OSS cache: cluster scales out; standard is for clients without the cluster protocol (default: cluster)",
			).choices(protocolSchema.options),
		)
		.addOption(new Option("--engine <engine>", "default: valkey").choices(engineSchema.options))
		.option("--engine-version <version>", "9, 9.1 or 9.1.2 (default: the newest that hosts have)")
		.option("--node-type <type>", "memory of each node, see `larder node-types list`")
		.option(
			"--cluster-mode <mode>",
			"on spreads keys over shards (default: off, or what the parameter group says)",
			clusterMode,
		)
		.option("--shards <count>", "in cluster mode, 1 to 500", wholeNumber)
		.option(
			"--slots <ranges>",
			"of a shard, such as 0-5460; once for each shard (default: spread evenly)",
			collectText,
		)
		.addOption(replicasOption())
		.addOption(nodesOption())
		.option("--zone <zone>", "zone to place nodes in; may be given several times", collectText)
		.option("--multi-az", "keep a replica in a different zone from the primary")
		.option(
			"--no-automatic-failover",
			"don't fail over automatically; you promote a replica yourself",
		)
		.addOption(
			new Option("--auth <mode>", "password or none (default: password)").choices(
				authModeSchema.options,
			),
		)
		.option("--port <port>", "port of its endpoint (default: the lowest free one)", wholeNumber)
		.option("--parameter-group <name>", "see `larder parameter-groups list`")
		.option(
			"--maintenance-window <window>",
			"weekly, in UTC, such as sun:05:00-sun:06:00 (default: an hour at night that Larder chooses)",
		)
		.option(
			"--from-snapshot <name>",
			"begin with its data; what you leave out is as it was in the snapshot's cache",
		)
		.addOption(
			new Option(
				"--persistence <mode>",
				"write changes to disk, so that a restart in place brings the data back (default: none)",
			).choices(persistenceSchema.options),
		)
		.option(
			"--snapshot-retention <days>",
			"take a snapshot every day and keep it that long (default: none)",
			Number,
		)
		.option("--snapshot-window <window>", "when, daily and in UTC (default: 03:00-04:00)")
		.option("--deletion-protection", "refuse to delete it until this is turned off")
		.option("--tag <key=value>", "may be given several times", collectPair)
		.option("--description <text>", "what it is for")
		.addHelpText(
			"after",
			`
Examples:
  larder caches create orders
  larder caches create carts --kind serverless --wait
  larder caches create jobs --kind serverless --protocol standard --storage-max 10 --eviction-policy noeviction
  larder caches create pages --kind serverless --engine memcached
  larder caches create orders --replicas 2 --multi-az --wait
  larder caches create events --cluster-mode on --shards 3 --replicas 1 --wait
  larder caches create pages --engine memcached --nodes 3 --zone zone-a --zone zone-b
  larder caches create sessions --node-type cache.t4g.small --auth none --tag team=web --json`,
		);
	return waitOptions(withApiOptions(serverlessOptions(command))).action(run);
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
	const cache = cacheInterfaceSchema.parse(created);
	if (!options.wait) {
		if (options.json) printJson(created);
		else print(`${cache.name} is being created. Follow it with: larder caches show ${cache.name}`);
		return;
	}
	const available = await waitUntilAvailable(api, cache.name, options, startedAt);
	if (options.json) printJson(available);
	else {
		print("");
		await printCache(api, available);
	}
}

export function toInput(name: string, options: CreateOptions): LooseInput {
	const given: LooseInput = {
		name,
		kind: options.kind,
		protocol: options.protocol,
		limits: limitsOf(options),
		evictionPolicy: options.evictionPolicy,
		scaleToZero: scaleToZeroOf(options),
		engine: options.engine,
		engineVersion: options.engineVersion,
		nodeType: options.nodeType,
		clusterMode: options.clusterMode,
		shards: options.shards,
		slots: options.slots,
		replicasPerShard: options.replicas,
		nodes: options.nodes,
		zones: options.zone,
		multiAz: options.multiAz,
		// Commander sets it to true if the flag is absent: then the API decides.
		automaticFailover: options.automaticFailover === false ? false : undefined,
		auth: options.auth,
		port: options.port,
		parameterGroup: options.parameterGroup,
		maintenanceWindow: options.maintenanceWindow,
		snapshot: options.fromSnapshot,
		snapshotRetentionDays: options.snapshotRetention,
		persistence: options.persistence,
		snapshotWindow: options.snapshotWindow,
		deletionProtection: options.deletionProtection,
		tags: options.tag,
		description: options.description,
	};
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
