import { Command } from "commander";
import {
	type Snapshot,
	snapshotPageSchema,
	snapshotSchema,
} from "../../server/contract/snapshot.ts";
import { formatGib } from "../../server/contract/units.ts";
import type { ApiClient } from "../api/client.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { collectPair } from "../option-values.ts";
import { type PageOptions, pageOptions, printPage } from "../print-page.ts";
import { type ConfirmOptions, confirmByName, yesOption } from "../terminal/confirm-by-name.ts";
import { printable } from "../terminal/format.ts";
import { formatFields, formatTable } from "../terminal/table.ts";
import { downloadCommand, exportCommand, importCommand } from "./snapshot-files.ts";
import {
	type SnapshotWaitOptions,
	snapshotWaitOptions,
	waitForSnapshot,
} from "./wait-for-snapshot.ts";

export function snapshotsCommand(): Command {
	const snapshots = new Command("snapshots").description(
		"Snapshots: take, inspect, copy, delete; restore with caches create --from-snapshot",
	);
	for (const make of [
		createCommand,
		listCommand,
		showCommand,
		copyCommand,
		exportCommand,
		downloadCommand,
		importCommand,
		renameCommand,
		deleteCommand,
	]) {
		snapshots.addCommand(make());
	}
	return snapshots;
}

const pathOf = (name: string) => `/snapshots/${encodeURIComponent(name)}`;

function createCommand(): Command {
	const command = new Command("create")
		.description("Take a snapshot of a cache")
		.argument("<name>", "of the snapshot")
		.requiredOption("--cache <cache>", "the cache to take it of")
		.option("--store <store>", "where to keep it (default: the control plane's own directory)")
		.option("--tag <key=value>", "may be given several times", collectPair)
		.addHelpText(
			"after",
			`
Examples:
  larder snapshots create before-release --cache orders --wait
  larder caches create copy-of-orders --from-snapshot before-release --wait`,
		);
	return snapshotWaitOptions(withApiOptions(command)).action(
		async (
			name: string,
			options: ApiOptions &
				SnapshotWaitOptions & { cache: string; store?: string; tag?: Record<string, string> },
		) => {
			const api = await connect(options);
			const { cache, store, tag } = options;
			const body = { name, cache, store, tags: tag };
			const answer = await api.call({ method: "POST", path: "/snapshots", body });
			await report(api, name, options, answer, `Snapshot ${name} of ${cache} is being taken.`);
		},
	);
}

/** Waits if asked to, and prints what is there then. */
async function report(
	api: ApiClient,
	name: string,
	options: ApiOptions & SnapshotWaitOptions,
	answer: unknown,
	text: string,
): Promise<void> {
	if (!options.wait) {
		if (options.json) printJson(answer);
		else print(text);
		return;
	}
	const snapshot = await waitForSnapshot(api, name, options);
	if (options.json) printJson(snapshot);
	else print(describeSnapshot(snapshot));
	if (snapshot.status === "failed") {
		throw new CliError(`Snapshot ${name} failed. ${snapshot.statusReason ?? ""}`, EXIT.failure);
	}
}

function listCommand(): Command {
	const command = new Command("list")
		.description("List snapshots, newest first")
		.option("--cache <cache>", "only snapshots of this cache");
	return pageOptions(withApiOptions(command)).action(
		async (options: ApiOptions & PageOptions & { cache?: string }) => {
			await printPage(await connect(options), options, {
				path: "/snapshots",
				query: { cache: options.cache },
				schema: snapshotPageSchema,
				empty: "No snapshots.",
				columns: [
					{ title: "NAME", value: (row) => row.name },
					{ title: "CACHE", value: (row) => row.cache },
					{ title: "KIND", value: (row) => row.kind },
					{ title: "STATUS", value: statusOf },
					{ title: "SHARDS", value: (row) => String(row.shards.length || "-") },
					{ title: "KEYS", value: (row) => String(row.keys ?? "-") },
					{ title: "SIZE", value: (row) => (row.bytes === null ? "-" : formatGib(row.bytes)) },
					{ title: "CREATED", value: (row) => row.createdAt.slice(0, 19).replace("T", " ") },
					{ title: "EXPIRES", value: (row) => row.expiresAt?.slice(0, 10) ?? "-" },
				],
			});
		},
	);
}

function statusOf({ status, percent }: Snapshot): string {
	return status === "creating" ? `${status} ${percent} %` : status;
}

function showCommand(): Command {
	const command = new Command("show").description("Show a snapshot").argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const answer = await (await connect(options)).call({ method: "GET", path: pathOf(name) });
		if (options.json) printJson(answer);
		else print(describeSnapshot(snapshotSchema.parse(answer)));
	});
}

/** A snapshot in readable form. */
export function describeSnapshot(snapshot: Snapshot): string {
	const tags = Object.entries(snapshot.tags).map(([key, value]) => `${key}=${value}`);
	const fields: [string, string][] = [
		["Name", snapshot.name],
		["Cache", snapshot.cache === "" ? "none: imported files" : snapshot.cache],
		["Kind", snapshot.kind],
		["Status", statusOf(snapshot)],
		...(snapshot.statusReason === null
			? []
			: [["Reason", printable(snapshot.statusReason)] satisfies [string, string]]),
		["Store", snapshot.store],
		["Engine", `${snapshot.engine} ${snapshot.engineVersion}`],
		...(snapshot.cache === "" ? [] : [["Node type", snapshot.nodeType] satisfies [string, string]]),
		["Cluster mode", snapshot.clusterMode],
		...(snapshot.persistence === "none"
			? []
			: [["Persistence", snapshot.persistence] satisfies [string, string]]),
		["Created", snapshot.createdAt],
		["Expires", snapshot.expiresAt ?? "never"],
		...(tags.length === 0 ? [] : [["Tags", printable(tags.join(", "))] satisfies [string, string]]),
	];
	const shards = formatTable(
		snapshot.shards.map((shard, index) => ({ ...shard, name: String(index + 1).padStart(4, "0") })),
		[
			{ title: "SHARD", value: ({ name }) => name },
			{ title: "SLOTS", value: ({ slots }) => slots ?? "-" },
			{ title: "KEYS", value: ({ keys }) => String(keys ?? "-") },
			{ title: "BYTES", value: ({ bytes }) => String(bytes ?? "-") },
			{ title: "TAKEN", value: ({ takenAt }) => takenAt ?? "-" },
			{ title: "SHA-256", value: ({ sha256 }) => sha256 ?? "-" },
		],
	);
	return snapshot.shards.length === 0
		? formatFields(fields)
		: `${formatFields(fields)}\n\n${shards}`;
}

function copyCommand(): Command {
	const command = new Command("copy")
		.description("Copy a snapshot within its store; the copy doesn't expire")
		.argument("<name>")
		.argument("<target>", "name of the copy");
	return snapshotWaitOptions(withApiOptions(command)).action(
		async (name: string, target: string, options: ApiOptions & SnapshotWaitOptions) => {
			const api = await connect(options);
			const path = `${pathOf(name)}/copy`;
			const answer = await api.call({ method: "POST", path, body: { target } });
			await report(api, target, options, answer, `Snapshot ${name} is being copied to ${target}.`);
		},
	);
}

function renameCommand(): Command {
	const command = new Command("rename")
		.description("Rename a snapshot")
		.argument("<name>")
		.argument("<new-name>");
	return withApiOptions(command).action(
		async (name: string, newName: string, options: ApiOptions) => {
			const api = await connect(options);
			const answer = await api.call({ method: "PATCH", path: pathOf(name), body: { newName } });
			if (options.json) printJson(answer);
			else print(`Snapshot ${name} is now named ${newName}.`);
		},
	);
}

function deleteCommand(): Command {
	const command = new Command("delete")
		.description("Delete a snapshot and its files; asks for its name first on a terminal")
		.argument("<name>");
	return withApiOptions(yesOption(command)).action(
		async (name: string, options: ApiOptions & ConfirmOptions) => {
			const api = await connect(options);
			await api.call({ method: "GET", path: pathOf(name) });
			await confirmByName(options, {
				name,
				warning: `Snapshot ${name} and its files will be deleted for good.`,
				scripted: `larder snapshots delete ${name} --yes`,
			});
			const answer = await api.call({ method: "DELETE", path: pathOf(name) });
			if (options.json) printJson(answer);
			else print(`Snapshot ${name} is being deleted.`);
		},
	);
}
