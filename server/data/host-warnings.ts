import type { HostWarning } from "../contract/host.ts";
import { cleanText } from "../contract/storable.ts";

/** Agents' warnings about their machines. Only in memory: agents repeat them after a restart. */
export class HostWarnings {
	readonly #newest = new Map<string, readonly HostWarning[]>();

	note(hostId: string, warnings: readonly HostWarning[]): void {
		const cleaned = warnings.map((warning) => ({
			...warning,
			code: cleanText(warning.code),
			title: cleanText(warning.title),
			message: cleanText(warning.message),
			remedy: cleanText(warning.remedy),
			command: warning.command && cleanText(warning.command),
		}));
		this.#newest.set(hostId, cleaned);
	}

	of(hostId: string): HostWarning[] {
		return [...(this.#newest.get(hostId) ?? [])];
	}

	forgetHost(hostId: string): void {
		this.#newest.delete(hostId);
	}
}
