import {
	createdStoreSchema,
	createStoreInputSchema,
	listObjectsInputSchema,
	modifyStoreInputSchema,
	storeListSchema,
	storeObjectsSchema,
	storeRefSchema,
	storeSchema,
	storeTestSchema,
} from "../../../contract/store.ts";
import { createStore } from "../../../services/stores/create-store.ts";
import { listObjects } from "../../../services/stores/list-objects.ts";
import {
	deleteStore,
	getStore,
	listStores,
	modifyStore,
	testStore,
} from "../../../services/stores/manage-stores.ts";
import { requires, router } from "../trpc.ts";

export const stores = router({
	create: requires("store:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/stores",
				status: 201,
				tag: "Stores",
				summary: "Create a store",
				description:
					"Larder tries the store before it creates it. If Larder makes the age identity, only this response contains it: keep it, because with it you can open the store's files without Larder.",
			},
		})
		.input(createStoreInputSchema)
		.output(createdStoreSchema)
		.mutation(({ ctx, input }) => createStore(ctx.resources, ctx.caller, input)),
	list: requires("store:read")
		.meta({
			rest: { method: "GET", path: "/stores", status: 200, tag: "Stores", summary: "List stores" },
		})
		.output(storeListSchema)
		.query(({ ctx }) => listStores(ctx.resources)),
	get: requires("store:read")
		.meta({
			rest: {
				method: "GET",
				path: "/stores/{name}",
				status: 200,
				tag: "Stores",
				summary: "Get a store",
			},
		})
		.input(storeRefSchema)
		.output(storeSchema)
		.query(({ ctx, input }) => getStore(ctx.resources, input.name)),
	objects: requires("store:read")
		.meta({
			rest: {
				method: "GET",
				path: "/stores/{name}/objects",
				status: 200,
				tag: "Stores",
				summary: "List what is in a store",
				description:
					"By name, such as to find RDB files to import. Callers that may not import see only what Larder itself has put there. In an encrypted store, only age files are listed, without .age.",
			},
		})
		.input(listObjectsInputSchema)
		.output(storeObjectsSchema)
		.query(({ ctx, input }) => listObjects(ctx.resources, ctx.caller, input)),
	modify: requires("store:manage")
		.meta({
			rest: {
				method: "PATCH",
				path: "/stores/{name}",
				status: 200,
				tag: "Stores",
				summary: "Change how a store is reached",
				description: "Larder tries the new settings before it keeps them.",
			},
		})
		.input(modifyStoreInputSchema)
		.output(storeSchema)
		.mutation(({ ctx, input }) => modifyStore(ctx.resources, ctx.caller, input)),
	test: requires("store:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/stores/{name}/test",
				status: 200,
				tag: "Stores",
				summary: "Test a store",
				description: "Writes, reads, compares and deletes a small object.",
			},
		})
		.input(storeRefSchema)
		.output(storeTestSchema)
		.mutation(({ ctx, input }) => testStore(ctx.resources, ctx.caller, input)),
	delete: requires("store:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/stores/{name}",
				status: 200,
				tag: "Stores",
				summary: "Delete a store",
				description:
					"Refused while snapshots are in it. Nothing in the directory or bucket itself is removed.",
			},
		})
		.input(storeRefSchema)
		.output(storeRefSchema)
		.mutation(({ ctx, input }) => deleteStore(ctx.resources, ctx.caller, input)),
});
