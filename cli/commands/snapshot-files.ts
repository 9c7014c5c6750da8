import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { fetchFile } from "../../platform/transfers/fetch-file.ts";
import { sendFile } from "../../platform/transfers/send-file.ts";
import { type TransferOptions, TransferRefused } from "../../platform/transfers/transfer-link.ts";
import { type Snapshot, snapshotSchema } from "../../server/contract/snapshot.ts";
import { formatGib } from "../../server/contract/units.ts";
import type { ApiClient } from "../api/client.ts";
import { findConnection } from "../api/connection.ts";
import { downloadLink, uploadLink } from "../api/snapshot-links.ts";
import { type ApiOptions, connect, print, printJson, withApiOptions } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { currentHome } from "../installation/checkout.ts";
import { collectPair } from "../option-values.ts";
import {
	type SnapshotWaitOptions,
	snapshotWaitOptions,
	waitForSnapshot,
} from "./wait-for-snapshot.ts";

/** A connection that fails for this long won't come back while someone waits at a terminal. */
const PATIENCE_MS = 120_000;
const SHOWN_EVERY_MS = 500;

const pathOf = (name: string) => `/snapshots/${encodeURIComponent(name)}`;
const collect = (value: string, all: readonly string[] = []) => [...all, value];

export function exportCommand(): Command {
	const command = new Command("export")
		.description("Copy a snapshot's files into a store, as plain RDB files with a manifest")
		.argument("<name>", "of the snapshot")
		.requiredOption("--store <store>", "where they go")
		.option("--as <target>", "name of the copy (default: <name>-<store>)");
	return snapshotWaitOptions(withApiOptions(command)).action(
		async (
			name: string,
			options: ApiOptions & SnapshotWaitOptions & { store: string; as?: string },
		) => {
			const api = await connect(options);
			const body = { store: options.store, target: options.as };
			const answer = await api.call({ method: "POST", path: `${pathOf(name)}/export`, body });
			const begun = snapshotSchema.parse(answer);
			const copy = options.wait ? await waitForSnapshot(api, begun.name, options) : begun;
			if (options.json) printJson(copy);
			else print(`Snapshot ${copy.name} is ${copy.status} in ${copy.store}, ${copy.directory}.`);
			requireSound(copy);
		},
	);
}

export function downloadCommand(): Command {
	const command = new Command("download")
		.description("Download a snapshot as RDB files, one a shard. Continues what broke off")
		.argument("<name>", "of the snapshot")
		.option("--to <directory>", "where the files go", ".");
	return withApiOptions(command).action(
		async (name: string, options: ApiOptions & { to: string }) => {
			const api = await connect(options);
			const snapshot = snapshotSchema.parse(await api.call({ method: "GET", path: pathOf(name) }));
			const connection = await findConnection(currentHome(), options);
			const directory = resolve(options.to);
			await mkdir(directory, { recursive: true });
			const files = [];
			for (const [index, { bytes, sha256 }] of snapshot.shards.entries()) {
				if (snapshot.status !== "available" || bytes === null || sha256 === null) {
					throw new CliError(`Snapshot ${name} is ${snapshot.status}.`, EXIT.failure);
				}
				const shard = index + 1;
				const number = snapshot.shards.length === 1 ? "" : `-${String(shard).padStart(4, "0")}`;
				const file = join(directory, `${name}${number}.rdb`);
				const link = downloadLink(connection, snapshot, { shard, content: { bytes, sha256 } });
				await patiently(file, (transfer) => fetchFile(link, file, transfer));
				files.push({ file, bytes, sha256 });
				if (!options.json) print(`${file}  ${formatGib(bytes)}  sha256 ${sha256}`);
			}
			if (options.json) printJson({ files });
		},
	);
}

interface ImportOptions extends ApiOptions, SnapshotWaitOptions {
	file?: string[];
	store?: string;
	fromStore?: string;
	key?: string[];
	fromHost?: string;
	path?: string[];
	engine?: string;
	tag?: Record<string, string>;
}

export function importCommand(): Command {
	const command = new Command("import")
		.description("Make a snapshot of RDB files: from this machine, from a store, or from a host")
		.argument("<name>", "of the snapshot")
		.option("--file <path>", "RDB file to upload; again for each shard of a cluster", collect)
		.option("--from-store <store>", "store that holds the files")
		.option("--key <key>", "a file's path in that store; again for each shard", collect)
		.option("--from-host <host>", "host that has the files, below its LARDER_IMPORT_DIRECTORIES")
		.option("--path <path>", "a file's path on that host; again for each shard", collect)
		.option("--store <store>", "where to keep it (default: the control plane's own directory)")
		.option("--engine <engine>", "valkey or redis (default: the one that wrote the file)")
		.option("--tag <key=value>", "may be given several times", collectPair)
		.addHelpText(
			"after",
			`
If an upload breaks off, the same command continues it.

Examples:
  larder snapshots import moved-in --file /var/lib/redis/dump.rdb --wait
  larder snapshots import moved-in --from-store offsite --key imports/dump.rdb --wait
  larder snapshots import moved-in --from-host host-b --path /var/lib/redis/dump.rdb --wait`,
		);
	return snapshotWaitOptions(withApiOptions(command)).action(
		async (name: string, options: ImportOptions) => {
			const { file: files = [], store, engine, tag } = options;
			const source = sourceOf(options);
			const api = await connect(options);
			const body = { ...{ name, store, engine, tags: tag }, ...source };
			if (!(await isBegun(api, name, files.length))) {
				await api.call({ method: "POST", path: "/snapshots/import", body });
			}
			const connection = await findConnection(currentHome(), options);
			for (const [index, path] of files.entries()) {
				const link = uploadLink(api, connection, { name, shard: index + 1 });
				await patiently(path, (transfer) => sendFile(link, resolve(path), transfer));
			}
			const snapshot = options.wait
				? await waitForSnapshot(api, name, options)
				: await api.call({ method: "GET", path: pathOf(name) });
			if (options.json) printJson(snapshot);
			else print(`Snapshot ${name} is ${snapshotSchema.parse(snapshot).status}.`);
			requireSound(snapshotSchema.parse(snapshot));
		},
	);
}

/** The part of the request that says where the files are. Exactly one of three ways must be given. */
function sourceOf(options: ImportOptions): object {
	const { file = [], fromStore, key = [], fromHost, path = [] } = options;
	const ways = [
		...(file.length > 0 ? [{ files: file.length }] : []),
		...(fromStore !== undefined && key.length > 0
			? [{ from: { store: fromStore, keys: key } }]
			: []),
		...(fromHost !== undefined && path.length > 0
			? [{ fromHost: { host: fromHost, paths: path } }]
			: []),
	];
	const given = [file.length > 0, fromStore ?? key[0], fromHost ?? path[0]].filter(Boolean).length;
	const [way] = ways;
	if (way !== undefined && ways.length === 1 && given === 1) return way;
	throw new CliError(
		"Give --file, --from-store with --key, or --from-host with --path.",
		EXIT.invalidInput,
	);
}

function requireSound({ name, status, statusReason }: Snapshot): void {
	if (status === "failed") {
		throw new CliError(`Snapshot ${name} failed. ${statusReason ?? ""}`, EXIT.failure);
	}
}

/** Whether an earlier call began this import and its upload broke off. */
async function isBegun(api: ApiClient, name: string, files: number): Promise<boolean> {
	const found = await api
		.call({ method: "GET", path: pathOf(name) })
		.then((answer): Snapshot | null => snapshotSchema.parse(answer))
		.catch((error: unknown) => {
			if (error instanceof CliError && error.exitCode === EXIT.notFound) return null;
			throw error;
		});
	if (found === null || files === 0) return false;
	return found.kind === "imported" && found.status === "creating" && found.shards.length === files;
}

/** Shows how far a transfer is, and ends it when nothing has moved for long. */
async function patiently<T>(
	what: string,
	transfer: (options: TransferOptions) => Promise<T>,
): Promise<T> {
	const ended = new AbortController();
	const patience = setTimeout(() => ended.abort(), PATIENCE_MS);
	let shownAt = 0;
	try {
		return await transfer({
			signal: ended.signal,
			onProgress(bytes, total) {
				patience.refresh();
				const now = performance.now();
				if (!process.stderr.isTTY || (now - shownAt < SHOWN_EVERY_MS && bytes < total)) return;
				shownAt = now;
				const percent = total === 0 ? 100 : Math.floor((100 * bytes) / total);
				process.stderr.write(
					`\r${what}: ${percent} % of ${formatGib(total)}${bytes >= total ? "\n" : ""}`,
				);
			},
		});
	} catch (error) {
		if (error instanceof CliError || !(error instanceof Error)) throw error;
		const hint =
			error instanceof TransferRefused ? [] : ["Run the same command again to continue."];
		throw new CliError(`${what}: ${error.message}`, EXIT.failure, hint, { cause: error });
	} finally {
		clearTimeout(patience);
	}
}
