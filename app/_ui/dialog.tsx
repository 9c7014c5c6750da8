"use client";

import { Modal } from "@heroui/react";
import type { ReactNode } from "react";

interface DialogProps {
	onClose: () => void;
	title: string;
	/** False while closing would lose something that is shown only once. */
	isDismissable?: boolean;
	size?: "sm" | "md" | "lg";
	children: ReactNode;
	footer: ReactNode;
}

/**
 * A modal dialog: focus stays inside, Escape closes it, focus returns to what opened it. Mounted while it is open, so
 * it starts fresh each time.
 */
export function Dialog(props: DialogProps) {
	const { onClose, title, isDismissable = true, size = "md", children, footer } = props;
	return (
		<Modal.Backdrop
			isOpen
			onOpenChange={(isOpen) => !isOpen && onClose()}
			isDismissable={isDismissable}
		>
			<Modal.Container size={size} placement="center">
				<Modal.Dialog>
					<Modal.CloseTrigger />
					<Modal.Header className="mb-3">
						<Modal.Heading className="pr-8 text-base font-semibold">{title}</Modal.Heading>
					</Modal.Header>
					<Modal.Body className="flex flex-col gap-4 text-sm text-foreground">
						{children}
					</Modal.Body>
					<Modal.Footer className="mt-5 flex flex-wrap justify-end gap-2">{footer}</Modal.Footer>
				</Modal.Dialog>
			</Modal.Container>
		</Modal.Backdrop>
	);
}
