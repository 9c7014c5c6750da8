import type { CacheInterface, PendingChange } from "../../../server/contract/index.ts";

type Field = [label: string, value: string];

/** Changes that wait, and what can be done about them. */
export function pendingFields({
	name,
	pendingChanges,
	maintenanceWindow,
}: CacheInterface): Field[] {
	const { next, window } = pendingChanges ?? { next: null, window: null };
	const then: Field[] = next === null ? [] : [["Then", inWords(next)]];
	const later: Field[] =
		window === null
			? []
			: [
					[
						"In the window",
						`${inWords(window)}, from ${window.startsAt}; now: larder caches pending ${name} --apply`,
					],
				];
	return [...then, ...later, ["Maintenance window", `${maintenanceWindow} UTC`]];
}

function inWords({ changes, requestedBy, problem }: PendingChange): string {
	const words = Object.entries(changes).map(
		([field, value]) => `${field} ${JSON.stringify(value)}`,
	);
	const hold = problem === null ? "" : ` (can't start: ${problem})`;
	return `${words.join(", ")}, as ${requestedBy} requested${hold}`;
}
