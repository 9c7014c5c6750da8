import type { Logger } from "../../platform/logger.ts";
import type { Engine, Severity } from "../../server/contract/enums.ts";
import type { Growth } from "../../server/contract/host-alert.ts";
import type { EngineDriver } from "../drivers/driver.ts";
import { memcachedDriver } from "../drivers/memcached.ts";
import { valkeyDriver } from "../drivers/valkey.ts";
import type { MeteredReading } from "../metrics/usage-meter.ts";
import type { TransferDoor } from "../snapshots/transfer-door.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import type { EngineProvider } from "./engine-provider.ts";

export interface InstanceEvent {
	readonly severity: Severity;
	readonly type: string;
	readonly message: string;
	/** Null if it concerns several instances. */
	readonly assignmentId: string | null;
}

/** What every instance of a host shares. */
export interface InstanceContext {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly advertisedAddress: string;
	readonly liveness: LivenessWatch;
	readonly engines: EngineProvider;
	readonly transfers: TransferDoor;
	readonly logger: Logger;
	/** Whether the control plane has answered recently, so that the desired state is current. */
	inTouch(): boolean;
	/** Advertised addresses of all hosts with a node of that cache; none while it has no endpoints yet. */
	hostsOf(cacheId: string): readonly string[];
	/** Makes all Sentinels of a cache wait this long before they consider its primary down. */
	setSentinels(cacheId: string, downAfterMs: number): Promise<void>;
	/** Something that the control plane waits for may have changed. */
	onChange(): void;
	onEvent(event: InstanceEvent): void;
	/** An elastic engine has passed its assignment's `reportAboveBytes`. */
	onGrowth(growth: Growth): void;
	/** What an engine had counted when it was told to end. */
	onLastReading(assignmentId: string, reading: MeteredReading): void;
}

const drivers: Record<Engine, EngineDriver> = {
	valkey: valkeyDriver("valkey"),
	redis: valkeyDriver("redis"),
	memcached: memcachedDriver,
};

export function driverOf(engine: Engine): EngineDriver {
	return drivers[engine];
}
