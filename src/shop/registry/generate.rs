//! What is made from the list of products: each `match` over them. The names in it are those that the list's file imports.

/// Generates `Product`, `Tool` and `AnySale` from the list of products: a variant, the module under `products` and the
/// type in its `sale.rs`, and whether it is on by default.
macro_rules! products {
    ($($(#[$doc:meta])* $name:ident: $module:ident::$sale:ident, $is_on:literal;)+) => {
        /// A product that a server can sell.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Product { $($(#[$doc])* $name,)+ }

        /// A tool of any product.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Tool { $($(#[$doc])* $name(products::$module::tools::Tool),)+ }

        /// A paid call of any product, with parsed arguments.
        #[derive(Debug)]
        pub enum AnySale { $($(#[$doc])* $name(products::$module::sale::$sale),)+ }

        impl Product {
            /// All of them, in the order of `tools/list`.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name in settings and storage.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => products::$module::NAME,)+ }
            }

            const fn is_on_by_default(self) -> bool {
                match self { $(Self::$name => $is_on,)+ }
            }

            /// Its tools, in the order of `tools/list`.
            pub fn tools(self) -> Box<dyn Iterator<Item = Tool>> {
                match self {
                    $(Self::$name => Box::new(
                        <products::$module::tools::Tool as ProductTool>::ALL.iter().copied().map(Tool::$name),
                    ),)+
                }
            }
        }

        impl Tool {
            #[must_use]
            pub fn spec(self) -> &'static ToolSpec {
                match self { $(Self::$name(tool) => tool.spec(),)+ }
            }

            #[must_use]
            pub const fn product(self) -> Product {
                match self { $(Self::$name(_) => Product::$name,)+ }
            }

            const fn answers(self) -> &'static str {
                match self { $(Self::$name(_) => <products::$module::tools::Tool as ProductTool>::ANSWERS,)+ }
            }

            /// [`ProductTool::example`] of the product's tool.
            #[must_use]
            pub fn example(self, subject: Option<&str>) -> Option<Value> {
                match self { $(Self::$name(tool) => tool.example(subject),)+ }
            }

            /// Whether callers who may not act directly get a draft instead of a refusal.
            #[must_use]
            pub fn becomes_a_draft(self) -> bool {
                match self { $(Self::$name(tool) => tool.becomes_a_draft(),)+ }
            }

            /// Whether the host and its programs pay as well.
            #[must_use]
            pub fn is_paid_by_owners(self) -> bool {
                match self { $(Self::$name(tool) => tool.is_paid_by_owners(),)+ }
            }

            /// Whether the host and its programs call a tool for buyers without a proof.
            #[must_use]
            pub fn is_done_by_hosts(self) -> bool {
                match self { $(Self::$name(tool) => tool.is_done_by_hosts(),)+ }
            }

            /// Calls it for a caller who does not pay for it.
            ///
            /// # Errors
            ///
            /// [`Failure`] of the tool.
            pub fn call(
                self,
                cx: &Cx<'_, impl World>,
                arguments: Value,
                caller: &Caller,
            ) -> Result<Value, Failure> {
                match self { $(Self::$name(tool) => products::$module::call(cx, tool, arguments, caller),)+ }
            }

            /// [`Sale::read`]
            ///
            /// # Errors
            /// `invalid_arguments` names the field.
            pub fn sale(self, arguments: Value) -> Result<AnySale, Failure> {
                match self {
                    $(Self::$name(tool) => Sale::read(tool, arguments).map(AnySale::$name),)+
                }
            }

            /// [`Sale::offer`]
            ///
            /// # Errors
            /// [`SqlError`] if SQLite refuses.
            pub fn offer(
                self,
                cx: &Cx<'_, impl World>,
                payment: &Payment,
            ) -> Result<Offer, SqlError> {
                match self { $(Self::$name(tool) => products::$module::sale::$sale::offer(tool, cx, payment),)+ }
            }

            /// [`Sale::fulfil`]
            ///
            /// # Errors
            /// [`SqlError`]; nothing is written then.
            pub fn fulfil(
                self,
                cx: &Cx<'_, impl World>,
                paid: &Settled,
            ) -> Result<Value, SqlError> {
                match self { $(Self::$name(tool) => products::$module::sale::$sale::fulfil(tool, cx, paid),)+ }
            }

            /// [`Sale::complete`] of the tool's product.
            #[must_use]
            pub fn complete(self, answer: Value, paid: &Settled) -> Value {
                match self { $(Self::$name(_) => products::$module::sale::$sale::complete(answer, paid),)+ }
            }

            /// [`Sale::correct`]
            ///
            /// # Errors
            /// [`SqlError`]; nothing is written then.
            pub fn correct(
                self,
                cx: &Cx<'_, impl World>,
                paid: &Settled,
                transaction: &str,
            ) -> Result<(), SqlError> {
                match self { $(Self::$name(_) => products::$module::sale::$sale::correct(cx, paid, transaction),)+ }
            }

            /// [`Sale::is_taken_back`]
            ///
            /// # Errors
            /// [`SqlError`] if SQLite refuses.
            pub fn is_taken_back(
                self,
                cx: &Cx<'_, impl World>,
                paid: &Settled,
            ) -> Result<bool, SqlError> {
                match self { $(Self::$name(_) => products::$module::sale::$sale::is_taken_back(cx, paid),)+ }
            }

            /// [`Sale::revoke`]
            ///
            /// # Errors
            /// [`SqlError`]; nothing is written then.
            pub fn revoke(
                self,
                cx: &Cx<'_, impl World>,
                paid: &Settled,
            ) -> Result<(), SqlError> {
                match self { $(Self::$name(_) => products::$module::sale::$sale::revoke(cx, paid),)+ }
            }

            /// [`Sale::bought`]
            ///
            /// # Errors
            /// [`SqlError`] if SQLite refuses.
            pub fn bought(
                self,
                cx: &Cx<'_, impl World>,
                payment: &Payment,
            ) -> Result<Bought, SqlError> {
                match self { $(Self::$name(tool) => products::$module::sale::$sale::bought(tool, cx, payment),)+ }
            }

            /// [`Sale::payment_of`]
            ///
            /// # Errors
            /// `invalid_arguments` names the field.
            pub fn payment_of(
                self,
                cx: &Cx<'_, impl World>,
                arguments: &Value,
                payer: &ProvenPayer,
            ) -> Result<Option<Payment>, Failure> {
                match self { $(Self::$name(tool) => products::$module::sale::$sale::payment_of(tool, cx, arguments, payer),)+ }
            }

            /// [`Sale::for_taker`]
            ///
            /// # Errors
            /// [`Failure`] of the tool.
            pub fn for_taker(
                self,
                cx: &Cx<'_, impl World>,
                arguments: &Value,
                by: (&ProvenPayer, &Taker<'_>),
            ) -> Result<Option<Value>, Failure> {
                match self { $(Self::$name(tool) => products::$module::sale::$sale::for_taker(tool, cx, arguments, by),)+ }
            }

            /// [`Sale::for_buyer`]
            ///
            /// # Errors
            /// [`Failure`] of the tool.
            pub fn for_buyer(
                self,
                cx: &Cx<'_, impl World>,
                arguments: Value,
                may: &MayRead,
            ) -> Result<Value, Failure> {
                match self { $(Self::$name(tool) => products::$module::sale::$sale::for_buyer(tool, cx, arguments, may),)+ }
            }

            /// [`Sale::show`]
            ///
            /// # Errors
            /// Why it cannot be shown any more.
            pub fn show(
                self,
                cx: &Cx<'_, impl World>,
                answer: Value,
                may: &MayRead,
            ) -> Result<Value, Failure> {
                match self { $(Self::$name(_) => products::$module::sale::$sale::show(cx, answer, may),)+ }
            }
        }

        impl AnySale {
            /// [`Sale::event`] of the product's sale.
            #[must_use]
            pub fn event(&self) -> Option<&EventId> {
                match self { $(Self::$name(sale) => sale.event(),)+ }
            }

            /// [`Sale::subject`] of the product's sale.
            #[must_use]
            pub fn subject(&self) -> Option<String> {
                match self { $(Self::$name(sale) => sale.subject(),)+ }
            }

            /// [`Sale::terms`]
            ///
            /// # Errors
            /// Why it cannot be had.
            pub fn terms(&self, cx: &Cx<'_, impl World>, pays: Option<&Pays>) -> Result<Terms, Failure> {
                match self { $(Self::$name(sale) => sale.terms(cx, pays),)+ }
            }

            /// [`Sale::check_payer`]
            ///
            /// # Errors
            /// `invalid_arguments` names the field.
            pub fn check_payer(&self, payer: &str) -> Result<(), Failure> {
                match self { $(Self::$name(sale) => sale.check_payer(payer),)+ }
            }

            /// [`Sale::is_held`]
            ///
            /// # Errors
            /// Why it cannot be had.
            pub fn is_held(&self, cx: &Cx<'_, impl World>, payer: &str) -> Result<bool, Failure> {
                match self { $(Self::$name(sale) => sale.is_held(cx, payer),)+ }
            }

            /// [`Sale::recheck`]
            ///
            /// # Errors
            /// Why it cannot be had any more.
            pub fn recheck(
                &self,
                cx: &Cx<'_, impl World>,
                payer: &str,
                payment: &PaymentId,
                amount: Usdc,
            ) -> Result<Hold, Failure> {
                match self { $(Self::$name(sale) => sale.recheck(cx, payer, payment, amount),)+ }
            }

            /// [`Sale::prepare`]
            ///
            /// # Errors
            /// Why there is no answer.
            pub fn prepare(&self, cx: &Cx<'_, impl World>) -> Result<Value, Failure> {
                match self { $(Self::$name(sale) => sale.prepare(cx),)+ }
            }

            /// [`Sale::bought_before`]
            ///
            /// # Errors
            /// [`SqlError`] if SQLite refuses.
            pub fn bought_before(
                &self,
                cx: &Cx<'_, impl World>,
                call: &PaidCall,
                payer: &ProvenPayer,
            ) -> Result<Option<Payment>, SqlError> {
                match self { $(Self::$name(sale) => sale.bought_before(cx, call, payer),)+ }
            }

            /// [`Sale::free`]
            ///
            /// # Errors
            /// Why it cannot be had.
            pub fn free(
                &self,
                cx: &Cx<'_, impl World>,
                by: &Taker<'_>,
            ) -> Result<Option<Value>, Failure> {
                match self { $(Self::$name(sale) => sale.free(cx, by),)+ }
            }

            /// [`Sale::is_had`]
            ///
            /// # Errors
            /// [`Failure`] if storage refuses.
            pub fn is_had(
                &self,
                cx: &Cx<'_, impl World>,
                known: &Payment,
            ) -> Result<bool, Failure> {
                match self { $(Self::$name(sale) => sale.is_had(cx, known),)+ }
            }
        }
    };
}

pub(super) use products;
