import { Command, Option } from "commander";
import {
	cacheInterfaceSchema,
	changePreviewSchema,
	persistenceSchema,
	protocolSchema,
} from "../../../server/contract/index.ts";
import type { ApiClient } from "../../api/client.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { collectPair, collectText, wantedClusterMode } from "../../option-values.ts";
import { type ConfirmOptions, confirmByName, yesOption } from "../../terminal/confirm-by-name.ts";
import { printPreview } from "./print-preview.ts";
import {
	limitsOf,
	type ServerlessOptions,
	scaleToZeroOf,
	serverlessOptions,
} from "./serverless-options.ts";
import { acceptedWords, type SizeOptions, sizeOf, sizeOptions } from "./size-options.ts";
import { type WaitOptions, waitOptions, waitUntilAvailable } from "./wait-for-cache.ts";
import { withNodes } from "./with-nodes.ts";

interface ModifyOptions
	extends ApiOptions,
		WaitOptions,
		ConfirmOptions,
		SizeOptions,
		ServerlessOptions {
	description?: string;
	tag?: Record<string, string>;
	untag?: string[];
	deletionProtection?: boolean;
	parameterGroup?: string;
	multiAz?: boolean;
	automaticFailover?: boolean;
	nodeType?: string;
	engine?: string;
	engineVersion?: string;
	applyPending?: boolean;
	zone?: string[];
	anyZone?: boolean;
	maintenanceWindow?: string;
	snapshotRetention?: number;
	snapshotWindow?: string;
	persistence?: string;
	window?: boolean;
	protocol?: string;
	clusterMode?: string;
	dryRun?: boolean;
}

export function modifyCommand(): Command {
	const command = new Command("modify")
		.summary("change a cache")
		.description("Change a cache. Options that you leave out change nothing.")
		.argument("<name>")
		.option("--description <text>", "what it is for")
		.option("--tag <key=value>", "set a tag; may be given several times", collectPair)
		.option("--untag <key>", "remove a tag; may be given several times", collectText)
		.option("--deletion-protection", "refuse to delete it until this is turned off")
		.option("--no-deletion-protection", "let it be deleted")
		.option(
			"--parameter-group <name>",
			"must fit the cache's cluster mode and its engine version's family",
		)
		.option("--apply-pending", "restart nodes that have pending parameters, replicas first")
		.option(
			"--node-type <type>",
			"such as cache.t4g.small; nodes are resized in place where hosts have room",
		)
		.option("--engine <engine>", "valkey, to move a Redis OSS cache to Valkey")
		.option("--engine-version <version>", "a later one; this can't be undone")
		.option("--zone <zone>", "where its nodes should be; may be given several times", collectText)
		.option("--any-zone", "its nodes may be in any zone")
		.option("--multi-az", "keep the nodes of each shard in different zones")
		.option("--no-multi-az", "let them share a zone")
		.option("--automatic-failover", "promote a replica when a primary fails")
		.option(
			"--no-automatic-failover",
			"don't fail over automatically; you promote a replica yourself",
		)
		.option("--maintenance-window <window>", "weekly, in UTC, such as sun:05:00-sun:06:00")
		.addOption(
			new Option("--persistence <mode>", "write changes to disk, or no longer").choices(
				persistenceSchema.options,
			),
		)
		.addOption(
			new Option(
				"--protocol <protocol>",
				"of a serverless cache: cluster, for one that is standard; clients wait while its nodes restart, and there is no way back",
			).choices(protocolSchema.options),
		)
		.option(
			"--cluster-mode <mode>",
			"on, for a cache without cluster mode: clients wait while its nodes restart, and there is no way back; with one shard, clients of both kinds work",
			wantedClusterMode,
		)
		.option(
			"--snapshot-retention <days>",
			"take a snapshot every day and keep it that long; 0 for none",
			Number,
		)
		.option("--snapshot-window <window>", "when, daily and in UTC, such as 02:00-03:00")
		.option("--window", "change nodes in the maintenance window, not now")
		.option("--dry-run", "show what would happen, and change nothing")
		.addHelpText(
			"after",
			`
Examples:
  larder caches modify orders --tag team=web --untag temporary
  larder caches modify orders --no-deletion-protection
  larder caches modify orders --parameter-group mine --wait
  larder caches modify orders --replicas 2 --dry-run
  larder caches modify carts --shards 4 --wait
  larder caches modify orders --node-type cache.t4g.small --wait
  larder caches modify orders --engine-version 9 --wait
  larder caches modify orders --parameter-group mine --apply-pending
  larder caches modify orders --replicas 0 --no-multi-az --no-automatic-failover
  larder caches modify carts --shards 4 --replicas 2 --node-type cache.t4g.small --engine-version 9
  larder caches modify orders --remove orders-003
  larder caches modify orders --node-type cache.t4g.small --window
  larder caches modify jobs --storage-max 20 --ecpu-max 0
  larder caches modify jobs --protocol cluster --wait
  larder caches modify orders --cluster-mode on --shards 3 --wait

A limit of 0 removes it.

Parameters that need a restart wait for --apply-pending, or: larder caches reboot orders
To move a node: larder caches move orders orders-002 --host h3`,
		);
	return waitOptions(withApiOptions(yesOption(serverlessOptions(sizeOptions(command))))).action(
		run,
	);
}

async function run(name: string, options: ModifyOptions): Promise<void> {
	const api = await connect(options);
	const startedAt = performance.now();
	const path = `/caches/${encodeURIComponent(name)}`;
	const body = {
		description: options.description,
		tags: await changedTags(api, path, options),
		deletionProtection: options.deletionProtection,
		parameterGroup: options.parameterGroup,
		applyPending: options.applyPending,
		nodeType: options.nodeType,
		engine: options.engine,
		engineVersion: options.engineVersion,
		...sizeOf(options),
		limits: limitsOf(options),
		evictionPolicy: options.evictionPolicy,
		scaleToZero: scaleToZeroOf(options),
		protocol: options.protocol,
		clusterMode: options.clusterMode,
		zones: options.anyZone ? null : options.zone,
		multiAz: options.multiAz,
		automaticFailover: options.automaticFailover,
		maintenanceWindow: options.maintenanceWindow,
		snapshotRetentionDays: options.snapshotRetention,
		snapshotWindow: options.snapshotWindow,
		persistence: options.persistence,
		apply: options.window ? "window" : undefined,
	};
	if (options.dryRun) return await printPreview(api, path, body, options);
	if (options.protocol === "cluster") await confirmCluster(name, options);
	const acceptIrreversible = (await confirmUpgrade(api, name, body, options)) || undefined;
	const accepted = await api.call({
		method: "PATCH",
		path,
		body: { ...body, acceptIrreversible },
	});
	const answer = options.wait
		? await waitUntilAvailable(api, name, options, startedAt, async (cache) => {
				return (await withNodes(api, cache)).parameterGroup.status !== "applying";
			})
		: accepted;
	if (options.json) printJson(answer);
	else if (!options.wait) print(acceptedWords(name, options));
}

async function confirmCluster(name: string, options: ModifyOptions): Promise<void> {
	await confirmByName(options, {
		name,
		warning: `${restartWords(name)} This can't be undone.`,
		scripted: `larder caches modify ${name} --protocol cluster --yes`,
	});
}

function restartWords(name: string): string {
	return `Larder will restart all nodes of ${name} with their data, and clients will wait meanwhile. From then on they must speak the cluster protocol, and there is only database 0.`;
}

/** Asks before a change that can't be undone. Returns true if the change is one. */
async function confirmUpgrade(
	api: ApiClient,
	name: string,
	body: {
		engine?: string | undefined;
		engineVersion?: string | undefined;
		clusterMode?: string | undefined;
	},
	options: ModifyOptions,
): Promise<boolean> {
	const { engine, engineVersion, clusterMode } = body;
	if (engine === undefined && engineVersion === undefined && clusterMode === undefined)
		return false;
	const path = `/caches/${encodeURIComponent(name)}/preview`;
	const answer = await api.call({ method: "POST", path, body });
	if (!changePreviewSchema.parse(answer).irreversible) return false;
	const isUpgrade = engine !== undefined || engineVersion !== undefined;
	const warnings = [
		...(isUpgrade ? [`Larder will change the engine of ${name} and keep its data.`] : []),
		...(clusterMode === undefined ? [] : [restartWords(name)]),
	];
	const scripted = isUpgrade ? `--engine-version ${engineVersion ?? "9"}` : "--cluster-mode on";
	await confirmByName(options, {
		name,
		warning: `${warnings.join(" ")} This can't be undone.`,
		scripted: `larder caches modify ${name} ${scripted} --yes`,
	});
	return true;
}

/** The API replaces all tags, so those that stay are sent too. */
async function changedTags(
	api: ApiClient,
	path: string,
	{ tag, untag }: ModifyOptions,
): Promise<Record<string, string> | undefined> {
	if (tag === undefined && untag === undefined) return undefined;
	const { tags } = cacheInterfaceSchema.parse(await api.call({ method: "GET", path }));
	const kept = Object.entries(tags).filter(([key]) => !untag?.includes(key));
	return { ...Object.fromEntries(kept), ...tag };
}
