import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Persistence } from "../../server/contract/persistence.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import type { AppendControl, AppendState } from "./driver.ts";
import { EngineCommandError } from "./engine-connection.ts";
import type { RespValue } from "./resp-parser.ts";
import type { InfoFields } from "./valkey-info.ts";

const DIRECTORY = "appendonlydir";
const MANIFEST = "appendonly.aof.manifest";
/** What the engine collects while it writes its first file after being turned on, or after a full sync. */
const UNFINISHED = /^temp-.*\.incr$/;

/** Every write that the engine has acknowledged, as files that it loads when it starts with `appendonly yes`. */
export function appendDirectory(paths: InstancePaths): string {
	return join(paths.data, DIRECTORY);
}

export function appendManifest(paths: InstancePaths): string {
	return join(appendDirectory(paths), MANIFEST);
}

/**
 * Whether there are whole ones. While a new first file is being written, the others are from before a full sync, or from
 * before they were turned off.
 */
export async function hasAppendFiles(paths: InstancePaths): Promise<boolean> {
	const names = await readdir(appendDirectory(paths)).catch((): string[] => []);
	return names.includes(MANIFEST) && !names.some((name) => UNFINISHED.test(name));
}

export async function discardAppendFiles(paths: InstancePaths): Promise<void> {
	await rm(appendDirectory(paths), { recursive: true, force: true });
}

/** When the engine makes sure that what it has written is on disk. */
export function fsyncOf(persistence: Persistence | undefined): "always" | "everysec" {
	return persistence === "aof-always" ? "always" : "everysec";
}

/** The append-only files of a running Valkey or Redis. */
export class AppendFiles implements AppendControl {
	private readonly paths: InstancePaths;
	private readonly command: (...args: string[]) => Promise<RespValue>;
	private info: InfoFields = new Map();
	private refusal: string | null = null;
	/** As of the last look. */
	isComplete = false;

	constructor(paths: InstancePaths, command: (...args: string[]) => Promise<RespValue>) {
		this.paths = paths;
		this.command = command;
	}

	/** Takes the section `persistence` of the engine's INFO. */
	note(info: InfoFields): void {
		this.info = info;
	}

	async look(): Promise<AppendState> {
		const isOn = this.info.get("aof_enabled") === "1";
		this.isComplete = isOn && (await hasAppendFiles(this.paths));
		const files = this.isComplete ? "complete" : isOn ? "incomplete" : "off";
		return { files, problem: this.problem(isOn) };
	}

	async turnOn(persistence: Persistence): Promise<void> {
		// The engine forks, and refuses while it can't.
		await this.set("appendfsync", fsyncOf(persistence), "appendonly", "yes");
	}

	async turnOff(): Promise<void> {
		await this.set("appendonly", "no");
		this.isComplete = false;
	}

	async keepPace(persistence: Persistence): Promise<void> {
		const present = await this.command("CONFIG", "GET", "appendfsync");
		const wanted = fsyncOf(persistence);
		if (!Array.isArray(present) || present[1] !== wanted) await this.set("appendfsync", wanted);
	}

	private async set(...settings: string[]): Promise<void> {
		try {
			await this.command("CONFIG", "SET", ...settings);
			this.refusal = null;
		} catch (error) {
			if (!(error instanceof EngineCommandError)) throw error;
			this.refusal = error.message;
		}
	}

	private problem(isOn: boolean): string | null {
		if (this.refusal !== null) return this.refusal;
		if (!isOn) return null;
		if (this.info.get("aof_last_write_status") === "err") {
			return "it can't write its changes, and refuses clients' writes until it can";
		}
		return this.info.get("aof_last_bgrewrite_status") === "err"
			? "it couldn't write its file anew"
			: null;
	}
}
