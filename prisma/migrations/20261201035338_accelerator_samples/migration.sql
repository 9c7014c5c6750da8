-- CreateTable
CREATE TABLE "AcceleratorSample" (
    "acceleratorId" TEXT NOT NULL,
    "resolutionSeconds" INTEGER NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    "counts" DOUBLE PRECISION[],

    CONSTRAINT "AcceleratorSample_pkey" PRIMARY KEY ("acceleratorId","resolutionSeconds","at")
);

-- CreateIndex
CREATE INDEX "AcceleratorSample_resolutionSeconds_at_idx" ON "AcceleratorSample"("resolutionSeconds", "at");

-- AddForeignKey
ALTER TABLE "AcceleratorSample" ADD CONSTRAINT "AcceleratorSample_acceleratorId_fkey" FOREIGN KEY ("acceleratorId") REFERENCES "Accelerator"("id") ON DELETE CASCADE ON UPDATE CASCADE;
