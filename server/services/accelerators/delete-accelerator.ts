import { wakeAccelerators } from "../../fleet/take-accelerators.ts";
import { bumpHosts, wakeHosts } from "../bump-hosts.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findAccelerator } from "./find-accelerator.ts";

/**
 * Removes the accelerator. Its hosts end its instances, which let calls under way end, once they learn of it. What it
 * holds in its cache expires. Throws `not_found`.
 */
export async function deleteAccelerator(
	resources: Resources,
	caller: Caller,
	input: { name: string },
): Promise<{ name: string }> {
	return await mutate(resources, caller, {
		...{ action: "accelerator.delete", target: input.name, input },
		run: async (tx, after) => {
			const row = await findAccelerator(tx, input.name);
			const hosts = new Set([...row.servedByHostIds, ...row.instances.map(({ hostId }) => hostId)]);
			await bumpHosts(tx, hosts);
			await tx.accelerator.delete({ where: { id: row.id } });
			after(() => {
				wakeHosts(resources, hosts);
				wakeAccelerators(resources);
			});
			return { name: row.name };
		},
	});
}
