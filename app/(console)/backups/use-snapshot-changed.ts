"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../_lib/trpc.ts";

/** Reads snapshots again wherever they are shown, after one of them was changed. */
export function useSnapshotChanged() {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	return () => void queryClient.invalidateQueries({ queryKey: trpc.snapshots.pathKey() });
}
