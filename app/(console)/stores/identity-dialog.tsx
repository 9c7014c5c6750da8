"use client";

import { Button } from "@heroui/react";
import { TriangleAlert } from "lucide-react";
import { CodeBlock } from "../../_ui/code-block.tsx";
import { Dialog } from "../../_ui/dialog.tsx";
import { Banner } from "../../_ui/notices.tsx";

interface IdentityDialogProps {
	store: string;
	identity: string;
	onClose: () => void;
}

/** The secret key of a new store, which is shown once. */
export function IdentityDialog({ store, identity, onClose }: IdentityDialogProps) {
	return (
		<Dialog
			onClose={onClose}
			isDismissable={false}
			title={`Secret key of store ${store}`}
			footer={<Button onPress={onClose}>I have stored it</Button>}
		>
			<Banner tone="warning" icon={TriangleAlert} title="Copy it now">
				Larder shows it only once. Keep it where neither the store nor this control plane is: with
				it, the files can be read without Larder; without it, they are lost with the control plane.
			</Banner>
			<CodeBlock code={identity} copyLabel="Copy secret key" wrap />
			<p className="text-muted">To open a file of the store without Larder:</p>
			<CodeBlock
				code="age --decrypt --identity key.txt 0001-0.rdb.age > 0001-0.rdb"
				copyLabel="Copy command"
				wrap
			/>
		</Dialog>
	);
}
