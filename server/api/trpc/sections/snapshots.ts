import {
	copySnapshotInputSchema,
	createSnapshotInputSchema,
	exportSnapshotInputSchema,
	importSnapshotInputSchema,
	listSnapshotsInputSchema,
	modifySnapshotInputSchema,
	snapshotPageSchema,
	snapshotRefSchema,
	snapshotSchema,
} from "../../../contract/index.ts";
import { createSnapshot } from "../../../services/snapshots/create-snapshot.ts";
import { deleteSnapshot } from "../../../services/snapshots/delete-snapshot.ts";
import { importSnapshot } from "../../../services/snapshots/import-snapshot.ts";
import { getSnapshot, listSnapshots } from "../../../services/snapshots/list-snapshots.ts";
import {
	copySnapshot,
	exportSnapshot,
	modifySnapshot,
} from "../../../services/snapshots/modify-snapshot.ts";
import { requires, router } from "../trpc.ts";

export const snapshots = router({
	create: requires("snapshot:manage")
		.meta({
			rest: {
				...{ method: "POST", path: "/snapshots", status: 202, tag: "Snapshots" },
				summary: "Take a snapshot of a cache",
				description:
					"Returns at once with the snapshot in status creating; poll it until it is available or failed. Each shard's data is as of one moment; spreadMs says how far apart these moments are. Larder copies a replica in sync if there is one. Memcached has no snapshots.",
			},
		})
		.input(createSnapshotInputSchema)
		.output(snapshotSchema)
		.mutation(({ ctx, input }) => createSnapshot(ctx.resources, ctx.caller, input)),
	list: requires("snapshot:read")
		.meta({
			rest: {
				...{ method: "GET", path: "/snapshots", status: 200, tag: "Snapshots" },
				summary: "List snapshots",
				description: "Newest first.",
			},
		})
		.input(listSnapshotsInputSchema)
		.output(snapshotPageSchema)
		.query(({ ctx, input }) => listSnapshots(ctx.resources, input)),
	get: requires("snapshot:read")
		.meta({
			rest: {
				...{ method: "GET", path: "/snapshots/{name}", status: 200, tag: "Snapshots" },
				summary: "Get a snapshot",
			},
		})
		.input(snapshotRefSchema)
		.output(snapshotSchema)
		.query(({ ctx, input }) => getSnapshot(ctx.resources, input)),
	modify: requires("snapshot:manage")
		.meta({
			rest: {
				...{ method: "PATCH", path: "/snapshots/{name}", status: 200, tag: "Snapshots" },
				summary: "Rename a snapshot, or change its tags",
			},
		})
		.input(modifySnapshotInputSchema)
		.output(snapshotSchema)
		.mutation(({ ctx, input }) => modifySnapshot(ctx.resources, ctx.caller, input)),
	copy: requires("snapshot:manage")
		.meta({
			rest: {
				...{ method: "POST", path: "/snapshots/{name}/copy", status: 202, tag: "Snapshots" },
				summary: "Copy a snapshot",
				description:
					"Returns at once with the copy in status creating. It is in the same store and, unlike an automatic snapshot, doesn't expire.",
			},
		})
		.input(copySnapshotInputSchema)
		.output(snapshotSchema)
		.mutation(({ ctx, input }) => copySnapshot(ctx.resources, ctx.caller, input)),
	export: requires("snapshot:manage")
		.meta({
			rest: {
				...{ method: "POST", path: "/snapshots/{name}/export", status: 202, tag: "Snapshots" },
				summary: "Export a snapshot to a store",
				description:
					"Returns at once with the copy in status creating. Its files are plain RDB files, one a shard, with manifest.json beside them; directory says where. In an encrypted store they are age files.",
			},
		})
		.input(exportSnapshotInputSchema)
		.output(snapshotSchema)
		.mutation(({ ctx, input }) => exportSnapshot(ctx.resources, ctx.caller, input)),
	import: requires("snapshot:manage")
		.meta({
			rest: {
				...{ method: "POST", path: "/snapshots/import", status: 202, tag: "Snapshots" },
				summary: "Import RDB files as a snapshot",
				description:
					"Returns at once with the snapshot in status creating. Without from, upload each file with PUT /api/v1/snapshots/{name}/upload?shard=1&offset=0 and Content-Type: application/octet-stream; after a broken connection, GET of the same path says at which offset to continue. The snapshot is available once every file's checksum, format and records have been found to be right.",
			},
		})
		.input(importSnapshotInputSchema)
		.output(snapshotSchema)
		.mutation(({ ctx, input }) => importSnapshot(ctx.resources, ctx.caller, input)),
	delete: requires("snapshot:manage")
		.meta({
			rest: {
				...{ method: "DELETE", path: "/snapshots/{name}", status: 202, tag: "Snapshots" },
				summary: "Delete a snapshot and its files",
				description:
					"Returns at once with status deleting; the snapshot is gone when GET returns 404. Returns 409 while a cache is restored from it.",
			},
		})
		.input(snapshotRefSchema)
		.output(snapshotSchema)
		.mutation(({ ctx, input }) => deleteSnapshot(ctx.resources, ctx.caller, input)),
});
