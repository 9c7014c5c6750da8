"use client";

import { toast } from "@heroui/react";
import { useMutation } from "@tanstack/react-query";
import { Archive, Pencil, PlugZap, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import type { Store } from "../../../server/contract/store.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { formatDuration } from "../../_lib/format/time.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import type { MenuAction } from "../../_ui/actions-menu.tsx";
import { DeleteStoreDialog, ModifyStoreDialog } from "./lazy-dialogs.tsx";
import { useStoresChanged } from "./use-stores-changed.ts";

const LOCAL = "It is the control plane's own directory, and always there.";

interface StoreActions {
	actionsFor(store: Store): MenuAction[];
	/** The dialog that is open. */
	dialog: ReactNode;
}

/** What can be done with a store. */
export function useStoreActions(): StoreActions {
	const trpc = useTRPC();
	const router = useRouter();
	const onChanged = useStoresChanged();
	const [open, setOpen] = useState<{ action: "modify" | "delete"; store: Store } | null>(null);
	const test = useMutation(
		trpc.stores.test.mutationOptions({
			onSuccess: ({ name, ok, message, milliseconds }) => {
				if (ok) {
					toast.success(`Store ${name} works`, {
						description: `${message} It took ${formatDuration(milliseconds)}.`,
					});
				} else toast.danger(`Store ${name} doesn't work`, { description: message });
			},
			onError: (error, { name }) => {
				toast.danger(`Store ${name} wasn't tried`, { description: toApiProblem(error).message });
			},
			onSettled: onChanged,
		}),
	);
	const actionsFor = (store: Store): MenuAction[] => {
		const obstacle = store.isDefault ? LOCAL : null;
		return [
			{
				...{ id: "test", label: "Test", icon: PlugZap },
				run: () => test.mutate({ name: store.name }),
			},
			{
				...{ id: "modify", label: "Modify", icon: Pencil, obstacle },
				run: () => setOpen({ action: "modify", store }),
			},
			{
				...{ id: "import", label: "Import RDB files from it", icon: Archive },
				run: () => router.push(`/backups?dialog=import&from=${encodeURIComponent(store.name)}`),
			},
			{
				...{ id: "delete", label: "Delete", icon: Trash2, isDanger: true, obstacle },
				run: () => setOpen({ action: "delete", store }),
			},
		];
	};
	const close = () => setOpen(null);
	const dialog =
		open === null ? null : open.action === "modify" ? (
			<ModifyStoreDialog store={open.store} onClose={close} />
		) : (
			<DeleteStoreDialog store={open.store} onClose={close} />
		);
	return { actionsFor, dialog };
}
