"""What knowledge bases say of a sample's variants: dated snapshots that a site loads, looked up by allele, and quoted."""
