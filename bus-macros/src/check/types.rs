//! Types of a signature, looked at and rewritten.
use syn::visit_mut::{self, VisitMut};
use syn::{Path, Signature, Type, parse_quote};

/// A type without the invisible or visible parentheses around it.
pub(super) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

pub(super) fn plain_path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(path) if path.qself.is_none() => Some(&path.path),
        _ => None,
    }
}

pub(super) fn find_impl_trait(ty: &Type) -> Option<Type> {
    struct Find(Option<Type>);
    impl VisitMut for Find {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::ImplTrait(_) => self.0 = self.0.take().or_else(|| Some(ty.clone())),
                _ => visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut find = Find(None);
    find.visit_type_mut(&mut ty.clone());
    find.0
}

/// A type of the signature as it is written outside: the function's own lifetimes are unknown
/// there, and `Self` is the service.
pub(super) fn outside(ty: &Type, sig: &Signature, service: Option<&Type>) -> Type {
    struct Outside<'a> {
        sig: &'a Signature,
        service: Option<&'a Type>,
    }
    impl VisitMut for Outside<'_> {
        fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
            let own = self
                .sig
                .generics
                .lifetimes()
                .any(|param| param.lifetime.ident == lifetime.ident);
            if own {
                lifetime.ident = proc_macro2::Ident::new("_", lifetime.ident.span());
            }
        }

        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let (Type::Path(path), Some(service)) = (&*ty, self.service)
                && path.qself.is_none()
                && path
                    .path
                    .segments
                    .first()
                    .is_some_and(|first| first.ident == "Self")
            {
                let rest = path.path.segments.iter().skip(1);
                *ty = match path.path.segments.len() {
                    1 => service.clone(),
                    _ => parse_quote!(<#service> #(:: #rest)*),
                };
                return;
            }
            visit_mut::visit_type_mut(self, ty);
        }
    }
    let mut ty = ty.clone();
    Outside { sig, service }.visit_type_mut(&mut ty);
    ty
}
