import type { AcceleratorView, ModifyAcceleratorInput } from "../../contract/accelerator.ts";
import { wakeAccelerators } from "../../fleet/take-accelerators.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findAccelerator } from "./find-accelerator.ts";
import { viewInTransaction } from "./show-accelerator.ts";

/**
 * Stores how long entries are kept from now on, and how many instances there should be; the keeper tells the hosts. Fields
 * that are left out stay as they are. Throws `not_found`.
 */
export async function modifyAccelerator(
	resources: Resources,
	caller: Caller,
	input: ModifyAcceleratorInput,
): Promise<AcceleratorView> {
	const { name, itemTtlSeconds, queryTtlSeconds, instances } = input;
	return await mutate(resources, caller, {
		...{ action: "accelerator.modify", target: name, input },
		run: async (tx, after) => {
			const { id } = await findAccelerator(tx, name);
			await tx.accelerator.update({
				where: { id },
				data: {
					...(itemTtlSeconds !== undefined && { itemTtlSeconds }),
					...(queryTtlSeconds !== undefined && { queryTtlSeconds }),
					...(instances !== undefined && { instanceCount: instances }),
				},
			});
			after(() => wakeAccelerators(resources));
			return await viewInTransaction(resources, tx, name);
		},
	});
}
