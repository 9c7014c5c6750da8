import { changePreviewSchema } from "../../../server/contract/index.ts";
import type { ApiClient } from "../../api/client.ts";
import { print, printJson } from "../../command-context.ts";
import { formatBytes, formatDuration, printable } from "../../terminal/format.ts";

/** Prints what a change would do, and changes nothing. `path` is that of the change: the cache's, or its slots'. */
export async function printPreview(
	api: ApiClient,
	path: string,
	body: object,
	{ json }: { json?: boolean },
): Promise<void> {
	const answer = await api.call({ method: "POST", path: `${path}/preview`, body });
	if (json) return printJson(answer);
	const preview = changePreviewSchema.parse(answer);
	const { steps, problems, memoryBytes, hourlyCost } = preview;
	if (steps.length === 0) print("Nothing is added, removed or moved.");
	for (const step of steps) print(printable(step));
	for (const shard of preview.failovers) print(`Shard ${shard} fails over.`);
	if (preview.expectedSeconds > 0) {
		print(`This takes about ${formatDuration(preview.expectedSeconds * 1_000)}.`);
	}
	if (memoryBytes.before !== memoryBytes.after) {
		print(
			`Memory: ${formatBytes(memoryBytes.before)} now, ${formatBytes(memoryBytes.after)} afterward.`,
		);
	}
	if (hourlyCost !== null && hourlyCost.before !== hourlyCost.after) {
		print(
			`Cost per hour: ${hourlyCost.before.toFixed(3)} now, ${hourlyCost.after.toFixed(3)} afterward.`,
		);
	}
	if (preview.irreversible) print("This can't be undone.");
	for (const { field, message } of problems) print(printable(`Problem with ${field}: ${message}`));
}
