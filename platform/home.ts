import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where the files of one installation are. Directories are private to the user. */
export interface LarderHome {
	readonly root: string;
	/** Lets the CLI and scripts of this user in: an API token, 0600. */
	readonly adminTokenFile: string;
	/** Key that secrets in the database are encrypted with, 0600. */
	readonly secretKeyFile: string;
	readonly databaseDir: string;
	/** The local store: snapshots that no other store was chosen for. */
	readonly snapshotsDir: string;
	readonly logsDir: string;
	readonly runDir: string;
	/** Held by the control plane, with the address that it serves as its note, or by a backup or restore. */
	readonly controlPlaneLock: string;
	readonly upLock: string;
	readonly agentsDir: string;
	agentDir(name: string): string;
}

/** `LARDER_HOME`, or `.larder` in the working directory. Creates the directories. */
export function openHome(environment: NodeJS.ProcessEnv = process.env): LarderHome {
	const root = resolve(environment.LARDER_HOME || ".larder");
	const home: LarderHome = {
		root,
		adminTokenFile: join(root, "admin-token"),
		secretKeyFile: join(root, "secret.key"),
		databaseDir: join(root, "database"),
		snapshotsDir: join(root, "snapshots"),
		logsDir: join(root, "logs"),
		runDir: join(root, "run"),
		controlPlaneLock: join(root, "run", "control-plane.lock"),
		upLock: join(root, "run", "up.lock"),
		agentsDir: join(root, "agents"),
		agentDir: (name) => join(root, "agents", name),
	};
	for (const dir of [home.root, home.logsDir, home.runDir, home.agentsDir]) {
		mkdirSync(dir, { recursive: true, mode: 0o700 });
	}
	return home;
}

/** Engine bundles are shared by every checkout of this user: `LARDER_CACHE_DIR`, or the XDG cache directory. */
export function engineStoreDir(environment: NodeJS.ProcessEnv = process.env): string {
	const base =
		environment.LARDER_CACHE_DIR ||
		join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "larder");
	return join(resolve(base), "engines");
}
